import type { Filter } from "./rows.ts";

/** A place in the order of one field and then the id. */
interface Position {
  readonly field: string;
  readonly value: number;
  readonly id: string;
}

/**
 * What stands behind it, in rising (`$gt`) or falling (`$lt`) order. A bound on the field itself has to stand beside it: that is
 * the condition by which an index begins there.
 */
export const behindPosition = ({ field, value, id }: Position, than: "$gt" | "$lt"): Filter => ({
  $or: [{ [field]: { [than]: value } }, { [field]: { $eq: value }, _id: { [than]: id } }],
});
