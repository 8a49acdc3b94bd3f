/** Several runs of one figure. The median of an even number of runs is the lower of the two in the middle: a value that was measured. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

const ascending = (left: number, right: number): number => left - right;

export function computeSpread(values: readonly number[]): Spread {
  const sorted = [...values].sort(ascending);
  const [min] = sorted;
  const median = sorted[Math.ceil(sorted.length / 2) - 1];
  const max = sorted.at(-1);
  if (min === undefined || median === undefined || max === undefined) throw new Error("no values: nothing was measured");
  return { min, median, max };
}

/** How late handlers started, in milliseconds: what was due against when it began. */
export interface Lateness {
  readonly count: number;
  readonly minMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Sorts `values` where they are. */
export function computeLateness(values: Float64Array): Lateness {
  values.sort();
  return {
    count: values.length,
    minMs: percentile(values, 0),
    p50Ms: percentile(values, 50),
    p99Ms: percentile(values, 99),
    maxMs: percentile(values, 100),
  };
}

/** By nearest rank: the smallest value that at least `percent` of all values do not exceed. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new Error("no values: nothing was measured");
  return value;
}
