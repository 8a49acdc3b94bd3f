import { AppError } from "../../../domain/app-error.ts";
import type { Filter, FindOptions, Update } from "./rows.ts";

/** The semantics of MongoDB's filters and updates, as far as the adapter uses them. Anything else throws. */

type Values = Readonly<Record<string, unknown>>;

export const matches = (row: object, filter: Filter): boolean =>
  Object.entries(filter).every(([field, condition]) => {
    if (field === "$or") return (condition as readonly Filter[]).some((alternative) => matches(row, alternative));
    if (field === "$nor") return !(condition as readonly Filter[]).some((alternative) => matches(row, alternative));
    return Object.entries(condition as Values).every(([operator, operand]) => meets(valuesAt(row, field.split(".")), operator, operand));
  });

/** All values at a path: those of every entry if the path crosses an array. */
function valuesAt(value: unknown, [step, ...rest]: readonly string[]): unknown[] {
  if (step === undefined) return Array.isArray(value) ? [...(value as unknown[]), value] : [value];
  if (Array.isArray(value) && !/^\d+$/.test(step)) return value.flatMap((entry) => valuesAt(entry, [step, ...rest]));
  const next = (value as Values | null | undefined)?.[step];
  return next === undefined ? [] : valuesAt(next, rest);
}

function meets(values: readonly unknown[], operator: string, operand: unknown): boolean {
  const some = (test: (value: never) => boolean): boolean =>
    values.some((value) => typeof value === typeof operand && test(value as never));
  switch (operator) {
    case "$eq":
      return values.includes(operand);
    case "$ne":
      return !values.includes(operand);
    case "$in": // Null also matches absent fields.
      return [...values, ...(values.length === 0 ? [null] : [])].some((value) => (operand as readonly unknown[]).includes(value));
    case "$nin":
      return !values.some((value) => (operand as readonly unknown[]).includes(value));
    case "$not":
      return !Object.entries(operand as Values).every(([inner, innerOperand]) => meets(values, inner, innerOperand));
    case "$all":
      return (operand as readonly unknown[]).every((wanted) => values.includes(wanted));
    case "$regex":
      return values.some((value) => typeof value === "string" && new RegExp(operand as string).test(value));
    case "$elemMatch":
      return values.some(
        (value) => typeof value === "object" && value !== null && !Array.isArray(value) && matches(value, operand as Filter),
      );
    case "$type":
      return values.some((value) => typeof value === operand);
    case "$exists":
      return values.length > 0 === operand;
    case "$gt":
      return some((value) => value > (operand as never));
    case "$gte":
      return some((value) => value >= (operand as never));
    case "$lt":
      return some((value) => value < (operand as never));
    case "$lte":
      return some((value) => value <= (operand as never));
    default:
      throw new Error(`a filter that is not known here: ${operator}`);
  }
}

/** The row after an update; the given row is not changed. `filter`: the one that found the row, for the entry that `array.$.field` means. */
export function updated<Row extends object>(row: Row, { filter, update }: { readonly filter: Filter; readonly update: Update }): Row {
  const next = structuredClone(row) as Record<string, unknown>;
  const meant = new Map<string, Record<string, unknown>>();
  for (const [operator, fields] of Object.entries(update)) {
    for (const [field, operand] of Object.entries(fields as Values)) {
      const [array = "", , inner] = field.split(".");
      if (inner === undefined) apply(next, { operator, field, operand });
      else {
        const entry = meant.get(array) ?? entryMeant(next, array, filter);
        meant.set(array, entry);
        apply(entry, { operator, field: inner, operand });
      }
    }
  }
  return next as Row;
}

/** The first entry of an array that matches the filter. */
function entryMeant(row: Values, array: string, filter: Filter): Record<string, unknown> {
  const own = Object.entries(filter).filter(([path]) => path.startsWith(`${array}.`));
  const conditions = Object.fromEntries(own.map(([path, condition]) => [path.slice(array.length + 1), condition]));
  const entry = (row[array] as Record<string, unknown>[]).find((each) => matches(each, conditions));
  if (entry === undefined) throw new Error(`no entry of ${array} is meant`);
  return entry;
}

function apply(row: Record<string, unknown>, { operator, field, operand }: { operator: string; field: string; operand: unknown }): void {
  const present = row[field];
  switch (operator) {
    case "$set":
      row[field] = structuredClone(operand);
      return;
    case "$unset":
      delete row[field];
      return;
    case "$inc":
      requireType(present === undefined || typeof present === "number", { operator, field });
      row[field] = Number(present ?? 0) + (operand as number);
      return;
    case "$max":
      row[field] = Math.max(Number(present ?? operand), operand as number);
      return;
    case "$min":
      row[field] = Math.min(Number(present ?? operand), operand as number);
      return;
    case "$push": {
      requireType(Array.isArray(present), { operator, field });
      const { $each = [operand], $slice } = operand as { readonly $each?: readonly unknown[]; readonly $slice?: number };
      const all = [...(present as unknown[]), ...structuredClone($each)];
      row[field] = $slice === undefined ? all : all.slice($slice); // The last ones: it is below 0.
      return;
    }
    case "$pull":
      requireType(Array.isArray(present), { operator, field });
      row[field] = (present as object[]).filter((entry) => !matches(entry, operand as Filter));
      return;
    default:
      throw new Error(`an update that is not known here: ${operator}`);
  }
}

/** As a server refuses an update that does not fit the row. */
function requireType(fits: boolean, { operator, field }: { readonly operator: string; readonly field: string }): void {
  if (!fits) throw new AppError("internal", `${operator} does not fit what stands in ${field}`);
}

export function sorted<Row extends object>(rows: readonly Row[], sort: Readonly<Record<string, 1 | -1>>): Row[] {
  return rows.toSorted((left, right) => {
    for (const [field, direction] of Object.entries(sort)) {
      const [a, b] = [smallestAt(left, field), smallestAt(right, field)];
      if (a !== b) return a === undefined || (b !== undefined && a < b) ? -direction : direction;
    }
    return 0;
  });
}

/** The value by which an array sorts in ascending order. Undefined: the field is absent, which sorts before all values. */
const smallestAt = (row: object, field: string): string | undefined =>
  (valuesAt(row, field.split(".")) as (string | undefined)[]).reduce((a, b) => (a === undefined || (b as string) < a ? b : a), undefined);

/** Only these fields, of paths the first step, and the id; all without. */
export function projected(row: object, { fields, without = [] }: Pick<FindOptions, "fields" | "without">): object {
  const copy = structuredClone(row) as Values;
  for (const path of without) remove(copy, path);
  if (fields === undefined) return copy;
  const kept = new Set(["_id", ...fields.map((field) => field.split(".")[0])]);
  return Object.fromEntries(Object.entries(copy).filter(([field]) => kept.has(field)));
}

function remove(row: Values, path: string): void {
  const [field = "", ...rest] = path.split(".");
  if (rest.length === 0) delete (row as Record<string, unknown>)[field];
  else if (typeof row[field] === "object" && row[field] !== null) remove(row[field] as Values, rest.join("."));
}
