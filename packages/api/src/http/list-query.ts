import { z } from "zod";

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 200;

/** `limit` and `cursor`, which every list takes. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${LIMIT_MAX}`)
    .transform(Number)
    .pipe(z.int().min(1).max(LIMIT_MAX))
    .default(LIMIT_DEFAULT)
    .meta({ override: { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT } }),
  cursor: z.string().min(1).optional().meta({ description: "A `nextCursor` of the same list." }),
};

export const noQuery = z.object({});
