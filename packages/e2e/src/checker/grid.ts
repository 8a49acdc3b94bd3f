/** When a job is to fire, by plain arithmetic: the checker never asks the product's own schedule code. */
export type Grid =
  | {
      readonly kind: "every";
      readonly firstAt: number;
      readonly everyMs: number;
      /** How many instants there are at most; null: no end. */
      readonly count: number | null;
    }
  | { readonly kind: "once"; readonly at: number };

/** Whether `instant` is one of the grid's. */
export function isOnGrid(grid: Grid, instant: number): boolean {
  if (grid.kind === "once") return instant === grid.at;
  const steps = (instant - grid.firstAt) / grid.everyMs;
  return Number.isInteger(steps) && steps >= 0 && (grid.count === null || steps < grid.count);
}

/** The grid's instants from `from` to `to`, both inclusive, in order. */
export function listInstants(grid: Grid, { from, to }: { readonly from: number; readonly to: number }): number[] {
  if (grid.kind === "once") return grid.at >= from && grid.at <= to ? [grid.at] : [];
  const { firstAt, everyMs, count } = grid;
  const instants: number[] = [];
  const last = count === null ? to : Math.min(to, firstAt + (count - 1) * everyMs);
  for (let at = firstAt + Math.max(0, Math.ceil((from - firstAt) / everyMs)) * everyMs; at <= last; at += everyMs) instants.push(at);
  return instants;
}
