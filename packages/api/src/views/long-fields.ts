import { z } from "zod";

/** Fields of a job or run that may have 64 KiB each. Lists leave them out unless `include` names them. */
export const LONG_FIELDS = ["params", "output"] as const;
export type LongField = (typeof LONG_FIELDS)[number];

/** For `JSON.stringify`, which leaves out undefined members: `{ ...view, ...leftOut(include) }`. */
export const leftOut = (include: readonly LongField[]): Readonly<Partial<Record<LongField, undefined>>> =>
  Object.fromEntries(LONG_FIELDS.filter((name) => !include.includes(name)).map((name) => [name, undefined]));

/** The schema of an item of a list: its long fields may be absent. */
export const listedView = (id: string, view: z.ZodObject): z.ZodObject =>
  view.partial(pickLongFields(view)).meta({ id, description: `${joinNames(view)} are there if \`include\` names them.` });

/** As a mask for `omit` and `partial`. */
export const pickLongFields = (view: z.ZodObject): Record<string, true> =>
  Object.fromEntries(LONG_FIELDS.filter((name) => name in view.shape).map((name) => [name, true]));

const joinNames = (view: z.ZodObject): string =>
  Object.keys(pickLongFields(view))
    .map((name) => `\`${name}\``)
    .join(" and ");
