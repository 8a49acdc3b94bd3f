import type { Filter } from "./rows.ts";

/** A place in the order of one field and then the id. As a cursor: `<value>.<id>`. */
interface Position {
  readonly value: number;
  readonly id: string;
}

export const toCursor = ({ value, id }: Position): string => `${value}.${id}`;

export function parseCursor(cursor: string): Position {
  const dot = cursor.indexOf(".");
  return { value: Number(cursor.slice(0, dot)), id: cursor.slice(dot + 1) };
}

/**
 * In filters: what stands behind the position, in rising (`$gt`) or falling (`$lt`) order. A bound on the field itself has to stand beside
 * it: by that condition an index begins there.
 */
export const behindPosition = (field: string, { value, id }: Position, than: "$gt" | "$lt"): Filter => ({
  $or: [{ [field]: { [than]: value } }, { [field]: { $eq: value }, _id: { [than]: id } }],
});
