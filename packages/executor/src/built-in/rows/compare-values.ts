import { canonicalJson, type JsonValue } from "@tickline/shared/domain/json/json";

/** Kinds of values in their order. Values of one kind have an order; values of two kinds are ordered by their kinds. */
type Kind = 0 | 1 | 2 | 3 | 4;

const NULL = 0;
const BOOLEAN = 1;
const NUMBER = 2;
const TEXT = 3;
const STRUCTURE = 4;

export function kindOf(value: JsonValue): Kind {
  if (typeof value === "number") return NUMBER;
  if (typeof value === "string") return TEXT;
  if (typeof value === "boolean") return BOOLEAN;
  return value === null ? NULL : STRUCTURE;
}

/**
 * One total order of all JSON values: null, then booleans, numbers, texts by their UTF-16 code units, lists and objects by their canonical JSON. No
 * value is converted: the text "10" is not the number 10.
 */
export function compareValues(left: JsonValue, right: JsonValue): number {
  const kind = kindOf(left);
  const kinds = kind - kindOf(right);
  if (kinds !== 0) return kinds;
  if (kind === STRUCTURE) return order(canonicalJson(left), canonicalJson(right));
  if (kind === NULL) return 0;
  return order(left as number, right as number);
}

const order = <Value extends number | string>(left: Value, right: Value): number => (left < right ? -1 : left > right ? 1 : 0);

/** Objects and lists are equal when their members are. Zero and minus zero are equal. */
export const equalValues = (left: JsonValue, right: JsonValue): boolean => {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  return canonicalJson(left) === canonicalJson(right);
};
