import type { JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { compareValues } from "./compare-values.ts";
import { createKeys } from "./key-index.ts";
import { ColumnSchema } from "./row.ts";

const PERCENTILE = /^p(\d{1,2}(\.\d{1,6})?|100)$/;
const NAMES = ["count", "countDistinct", "sum", "mean", "min", "max", "median", "stddev", "first", "last"] as const;

export const AggregateSchema = z.strictObject({
  fn: z
    .string()
    .regex(
      new RegExp(`^(${NAMES.join("|")}|${PERCENTILE.source.slice(1, -1)})$`),
      `must be one of ${NAMES.join(", ")}, or a percentile from p0 to p100 such as p99.9`,
    ),
  column: ColumnSchema.optional(),
});
export type AggregateDefinition = z.output<typeof AggregateSchema>;

/** Collects the values of one column of one group. */
export interface Aggregate {
  add(value: JsonValue | undefined): void;
  result(): JsonValue;
}

/** A value that is neither a number nor missing. The caller knows where it is. */
export class NoNumber extends Error {
  readonly value: JsonValue;

  constructor(value: JsonValue) {
    super("not a number");
    this.value = value;
  }
}

/** Makes the aggregate of each group. Every function except `count` needs a column. */
export function compileAggregate({ fn, column }: AggregateDefinition): () => Aggregate {
  const percentile = PERCENTILE.exec(fn)?.[1];
  if (percentile !== undefined) return () => percentileOf(Number(percentile) / 100);
  if (fn === "count" && column === undefined) return countRows;
  return AGGREGATES[fn as (typeof NAMES)[number]];
}

const AGGREGATES: Readonly<Record<(typeof NAMES)[number], () => Aggregate>> = {
  count: countValues,
  countDistinct,
  sum: () => sumOf((sum) => sum),
  mean: () => sumOf((sum, count) => (count === 0 ? null : sum / count)),
  min: () => extreme((order) => order < 0),
  max: () => extreme((order) => order > 0),
  median: () => percentileOf(0.5),
  stddev,
  first() {
    let first: JsonValue | undefined;
    return {
      add(value) {
        if (first === undefined) first = value ?? null;
      },
      result: () => first ?? null,
    };
  },
  last() {
    let last: JsonValue = null;
    return { add: (value) => void (last = value ?? null), result: () => last };
  },
};

function countRows(): Aggregate {
  let count = 0;
  return { add: () => void (count += 1), result: () => count };
}

function countValues(): Aggregate {
  let count = 0;
  return { add: (value) => void (count += isMissing(value) ? 0 : 1), result: () => count };
}

function countDistinct(): Aggregate {
  const keyOf = createKeys();
  const keys = new Set<unknown>();
  return { add: (value) => void (isMissing(value) || keys.add(keyOf(value))), result: () => keys.size };
}

/** Neumaier's sum: the error does not grow with the number of values, so that the order of rows matters little. */
function sumOf(result: (sum: number, count: number) => number | null): Aggregate {
  let sum = 0;
  let lost = 0;
  let count = 0;
  return {
    add(value) {
      if (isMissing(value)) return;
      const number = toNumber(value);
      const next = sum + number;
      lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
      sum = next;
      count += 1;
    },
    result: () => finite(result(Number.isFinite(sum) ? sum + lost : sum, count)),
  };
}

function extreme(isBetter: (order: number) => boolean): Aggregate {
  let best: JsonValue = null;
  return {
    add(value) {
      if (isMissing(value)) return;
      if (best === null || isBetter(compareValues(value, best))) best = value;
    },
    result: () => best,
  };
}

/** Of the sample (n - 1), by Welford's method. Null for fewer than two values. */
function stddev(): Aggregate {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add(value) {
      if (isMissing(value)) return;
      const number = toNumber(value);
      const delta = number - mean;
      count += 1;
      mean += delta / count;
      squares += delta * (number - mean);
    },
    result: () => (count < 2 ? null : finite(Math.sqrt(squares / (count - 1)))),
  };
}

/** Exact, with linear interpolation between the two nearest values. */
function percentileOf(fraction: number): Aggregate {
  const values: number[] = [];
  return {
    add(value) {
      if (!isMissing(value)) values.push(toNumber(value));
    },
    result() {
      if (values.length === 0) return null;
      const sorted = Float64Array.from(values).sort();
      const at = fraction * (sorted.length - 1);
      const low = sorted[Math.floor(at)] ?? 0;
      const high = sorted[Math.ceil(at)] ?? 0;
      const share = at - Math.floor(at);
      if (low === high) return low;
      return low * (1 - share) + high * share; // Not low + (high - low) * share, whose difference can exceed all numbers.
    },
  };
}

const isMissing = (value: JsonValue | undefined): value is null | undefined => value === undefined || value === null;

function toNumber(value: JsonValue): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new NoNumber(value);
  return value;
}

/** JSON has no infinity. */
function finite(value: number | null): number | null {
  if (value !== null && !Number.isFinite(value)) throw new RangeError("the result is larger than the largest number, 1.8e308");
  return value;
}
