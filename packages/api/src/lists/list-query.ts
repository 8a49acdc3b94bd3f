import { z } from "zod";
import { LONG_FIELDS, type LongField } from "../views/long-fields.ts";
import { quote } from "../problems/quote.ts";

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 200;
/** Longest `include`, in characters. */
const INCLUDE_LENGTH_MAX = 100;

/** Characters of the hash that a cursor begins with. */
export const SEAL_LENGTH = 16;

/** Longest cursor that is read, in characters. The cursors that lists give are far shorter. */
const CURSOR_LENGTH_MAX = 1_024;
/** The seal in base64url, and at least one character after it. */
const CURSOR_LENGTH_MIN = Math.ceil(((SEAL_LENGTH + 1) * 4) / 3);

/** The form of all cursors. */
export const CURSOR = new RegExp(`^[A-Za-z0-9_-]{${CURSOR_LENGTH_MIN},${CURSOR_LENGTH_MAX}}$`);

/** `limit`, `cursor` and `include`: the parameters of every list. They do not belong to the identity of the list. */
export const pageQuery = {
  limit: z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${LIMIT_MAX}`)
    .transform(Number)
    .pipe(z.int().min(1).max(LIMIT_MAX))
    .default(LIMIT_DEFAULT)
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern; // Of the text.
        Object.assign(jsonSchema, { type: "integer", minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT });
      },
    }),
  cursor: z.string().min(1).optional().meta({ description: "A `nextCursor` of the same list.", pattern: CURSOR.source, format: "cursor" }),
  include: z
    .string()
    .max(INCLUDE_LENGTH_MAX)
    .transform(readInclude)
    .default([])
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.maxLength; // Of the text.
        Object.assign(jsonSchema, { type: "array", items: { type: "string", enum: [...LONG_FIELDS] }, uniqueItems: true, default: [] });
      },
      param: { style: "form", explode: false, allowEmptyValue: true },
      description: "Long fields that the items include, separated by commas. By default they are left out.",
    }),
};

/** The same, as parsed. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly include: readonly LongField[];
}
export const PAGE_PARAMETERS: ReadonlySet<string> = new Set(Object.keys(pageQuery));

const isLongField = (name: string): name is LongField => LONG_FIELDS.some((field) => field === name);

/** A field that the items of a list do not have is accepted too, so that one query works for all lists. */
function readInclude(text: string, ctx: z.RefinementCtx): readonly LongField[] {
  const names = text === "" ? [] : text.split(",");
  const unknown = names.find((name) => !isLongField(name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (unknown === undefined && twice === undefined) return names.filter(isLongField);
  const fault = unknown === undefined ? `${twice} is there twice` : `${quote(unknown)} is neither`;
  ctx.addIssue({ code: "custom", message: `must be ${LONG_FIELDS.join(" or ")}, or both with a comma between; ${fault}`, input: text });
  return z.NEVER;
}
