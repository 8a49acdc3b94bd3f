import { JsonSchema, type JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { compareValues, equalValues, kindOf } from "./compare-values.ts";
import { ColumnSchema, readColumn, type Row } from "./row.ts";

/** Conditions in one list, and values in the list of `in`. */
const CONDITIONS_MAX = 100;
const VALUES_MAX = 1_000;

const OPERATORS = ["eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "exists"] as const;
type Ordered = "lt" | "le" | "gt" | "ge";

type Comparison =
  | { readonly column: string; readonly op: "eq" | "ne" | "contains"; readonly value: JsonValue }
  | { readonly column: string; readonly op: Ordered; readonly value: number | string }
  | { readonly column: string; readonly op: "in"; readonly value: readonly JsonValue[] }
  | { readonly column: string; readonly op: "exists"; readonly value?: boolean };

export type Condition =
  | Comparison
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition };

/** All forms in one object, and not in a union: so a fault names its member, and not all that is missing in the other forms. */
export const ConditionSchema = z
  .lazy((): z.ZodType =>
    z
      .strictObject({
        column: ColumnSchema.optional(),
        op: z.enum(OPERATORS).optional(),
        value: JsonSchema.optional(),
        and: z.array(ConditionSchema).max(CONDITIONS_MAX).optional(),
        or: z.array(ConditionSchema).max(CONDITIONS_MAX).optional(),
        not: ConditionSchema.optional(),
      })
      .superRefine((given, context) => {
        const message = conditionFault(given);
        if (message !== null) context.addIssue({ code: "custom", message });
      }),
  )
  .meta({
    id: "RowCondition",
    description: "`column`, `op` and `value`; or one of `and`, `or`, `not` of conditions.",
  }) as unknown as z.ZodType<Condition>;

interface GivenCondition {
  readonly column?: string | undefined;
  readonly op?: (typeof OPERATORS)[number] | undefined;
  readonly value?: JsonValue | undefined;
  readonly and?: unknown;
  readonly or?: unknown;
  readonly not?: unknown;
}

function conditionFault({ column, op, value, and, or, not }: GivenCondition): string | null {
  const isComparison = column !== undefined || op !== undefined || value !== undefined;
  const forms = [and, or, not].filter((form) => form !== undefined).length + (isComparison ? 1 : 0);
  if (forms !== 1) return 'must be a comparison with "column", "op" and "value", or have exactly one of "and", "or", "not"';
  if (!isComparison) return null;
  if (column === undefined || op === undefined) return 'a comparison needs "column" and "op"';
  return valueFault(op, value);
}

function valueFault(op: (typeof OPERATORS)[number], value: JsonValue | undefined): string | null {
  if (op === "exists") return value === undefined || typeof value === "boolean" ? null : 'the "value" of exists must be true or false';
  if (value === undefined) return `${op} needs a "value"`;
  if (op === "in")
    return Array.isArray(value) && value.length <= VALUES_MAX ? null : `the "value" of in must be a list of at most ${VALUES_MAX}`;
  const isOrdered = op !== "eq" && op !== "ne" && op !== "contains";
  return isOrdered && typeof value !== "number" && typeof value !== "string" ? `the "value" of ${op} must be a number or a text` : null;
}

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
