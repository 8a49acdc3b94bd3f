import type { Filter } from "./rows.ts";

/** A position in the order of one field and then the id. As a cursor: `<value>.<id>`. */
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
 * In filters: the rows after the position, in ascending (`$gt`) or descending (`$lt`) order. The filter also needs a bound on the field itself,
 * so that the scan of the index begins there.
 */
export const behindPosition = (field: string, { value, id }: Position, than: "$gt" | "$lt"): Filter => ({
  $or: [{ [field]: { [than]: value } }, { [field]: { $eq: value }, _id: { [than]: id } }],
});
