import type { SideResults } from "../bench.ts";
import type { Lateness } from "../report/statistics.ts";
import type { ScheduleResult } from "../plan/schedule-plan.ts";
import { computeSpread } from "../report/statistics.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";

/** Lateness and drain of each side. What did not start in time is said, not hidden in a percentile. */
export const scheduleTable = (sides: readonly SideResults<ScheduleResult>[]): string =>
  textTable(
    ["side", "late p50 ms", "late p99 ms", "late max ms", "drained after ms", "started of due", "CPU µs a run, without Redis"],
    sides.map(row),
  );

function row({ name, results }: SideResults<ScheduleResult>): string[] {
  const late = (of: (lateness: Lateness) => number): string => showSpread(computeSpread(results.map(({ lateness }) => of(lateness))), 1);
  return [
    name,
    late(({ p50Ms }) => p50Ms),
    late(({ p99Ms }) => p99Ms),
    late(({ maxMs }) => maxMs),
    showSpread(computeSpread(results.map(({ drainMs }) => drainMs))),
    results.map(({ lateness, expected }) => `${showNumber(lateness.count)} of ${showNumber(expected)}`).join(" / "),
    showSpread(computeSpread(results.map(({ cpuMs, lateness }) => (cpuMs / lateness.count) * 1_000)), 1),
  ];
}
