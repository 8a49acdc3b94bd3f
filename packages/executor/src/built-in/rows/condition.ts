import { JsonSchema, type JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { compareValues, equalValues, kindOf } from "./compare-values.ts";
import { ColumnSchema, readColumn, type Row } from "./row.ts";

/** Conditions in one list, and values in the list of `in`. */
const CONDITIONS_MAX = 100;
const VALUES_MAX = 1_000;

const OrderedSchema = z.enum(["lt", "le", "gt", "ge"]);
type Ordered = z.output<typeof OrderedSchema>;

const ComparisonSchema = z.union([
  z.strictObject({ column: ColumnSchema, op: z.enum(["eq", "ne", "contains"]), value: JsonSchema }),
  z.strictObject({ column: ColumnSchema, op: OrderedSchema, value: z.union([z.number(), z.string()]) }),
  z.strictObject({ column: ColumnSchema, op: z.literal("in"), value: z.array(JsonSchema).max(VALUES_MAX) }),
  z.strictObject({ column: ColumnSchema, op: z.literal("exists"), value: z.boolean().optional() }),
]);
type Comparison = z.output<typeof ComparisonSchema>;

export type Condition =
  | Comparison
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition };

export const ConditionSchema: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      ComparisonSchema,
      z.strictObject({ and: z.array(ConditionSchema).max(CONDITIONS_MAX) }),
      z.strictObject({ or: z.array(ConditionSchema).max(CONDITIONS_MAX) }),
      z.strictObject({ not: ConditionSchema }),
    ]),
  )
  .meta({ id: "RowCondition", description: "A comparison of one column, or `and`, `or`, `not` of conditions." });

export type RowTest = (row: Row) => boolean;

export function compileCondition(condition: Condition): RowTest {
  if ("and" in condition) {
    const tests = condition.and.map(compileCondition);
    return (row) => tests.every((test) => test(row));
  }
  if ("or" in condition) {
    const tests = condition.or.map(compileCondition);
    return (row) => tests.some((test) => test(row));
  }
  if ("not" in condition) {
    const test = compileCondition(condition.not);
    return (row) => !test(row);
  }
  return compileComparison(condition);
}

/** `exists` alone may name a column that no row has. */
export function conditionColumns(condition: Condition): string[] {
  if ("and" in condition) return condition.and.flatMap(conditionColumns);
  if ("or" in condition) return condition.or.flatMap(conditionColumns);
  if ("not" in condition) return conditionColumns(condition.not);
  return condition.op === "exists" ? [] : [condition.column];
}

const ORDERED: Readonly<Record<Ordered, (order: number) => boolean>> = {
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

/** A missing column counts as null. Only values of one kind are ordered: a text is neither less nor greater than a number. */
function compileComparison(comparison: Comparison): RowTest {
  const read = readColumn(comparison.column);
  const { op } = comparison;
  switch (op) {
    case "eq":
      return (row) => equalValues(read(row) ?? null, comparison.value);
    case "ne":
      return (row) => !equalValues(read(row) ?? null, comparison.value);
    case "contains":
      return (row) => contains(read(row) ?? null, comparison.value);
    case "in":
      return (row) => comparison.value.some((value) => equalValues(read(row) ?? null, value));
    case "exists":
      return (row) => ((read(row) ?? null) !== null) === (comparison.value ?? true);
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return compileOrdered(op, comparison.value, read);
  }
}

function compileOrdered(op: Ordered, value: string | number, read: (row: Row) => JsonValue | undefined): RowTest {
  const holds = ORDERED[op];
  const kind = kindOf(value);
  return (row) => {
    const given = read(row) ?? null;
    return kindOf(given) === kind && holds(compareValues(given, value));
  };
}

/** A text contains a text, and a list a value. */
function contains(given: JsonValue, value: JsonValue): boolean {
  if (typeof given === "string") return typeof value === "string" && given.includes(value);
  return Array.isArray(given) && given.some((item: JsonValue) => equalValues(item, value));
}
