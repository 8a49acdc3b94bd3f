import type { SideResults } from "../bench.ts";
import { computeSpread } from "../report/statistics.ts";
import { showNumber, showSpread } from "../report/text-table.ts";
import type { ThroughputResult } from "../plan/throughput-plan.ts";

export interface BesideResult extends ThroughputResult {
  /** What the fleet did meanwhile. */
  readonly fleetPerSecond: number;
}

/** A line for each side, by its median in percent of the first side's. */
export function besideRows(sides: readonly SideResults<BesideResult>[]): string[][] {
  const perSecond = sides.map(({ results }) => computeSpread(results.map(({ runs, tookMs }) => (runs / tookMs) * 1_000)));
  return sides.map(({ name, results }, index) => {
    const spread = perSecond[index] ?? computeSpread([]);
    return [
      name,
      showSpread(spread),
      `${showNumber((spread.median / (perSecond[0]?.median ?? Number.NaN)) * 100)}%`,
      results.map(({ runs }) => showNumber(runs)).join(" / "),
      showSpread(computeSpread(results.map(({ fleetPerSecond }) => fleetPerSecond))),
    ];
  });
}
