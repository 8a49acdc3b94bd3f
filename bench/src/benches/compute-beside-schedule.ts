import { alternate, type Bench } from "../bench.ts";
import { computeSpread, type Lateness } from "../report/statistics.ts";
import { showNumber, showSpread, textTable } from "../report/text-table.ts";
import { ticklineSide } from "./tickline-side.ts";

/** What the side is asked. */
export interface ComputeBesidePlan {
  /** Jobs of every second. */
  readonly schedules: number;
  readonly windowMs: number;
  /** Rows that each run of the computing job aggregates; 0: there is no such job. */
  readonly rows: number;
}

export interface ComputeBesideResult {
  readonly lateness: Lateness;
  readonly expected: number;
  /** Runs that aggregated all rows, in the window. */
  readonly computed: number;
}

const ROWS = 1_000_000;
const SCHEDULES = 10;
/** The p99 that is allowed, in milliseconds. */
const LATE_MS_MAX = 50;

export const computeBesideSchedule: Bench = {
  name: "compute-beside-schedule",
  title: "Lateness of jobs of every second, while `compute` aggregates rows in its threads",
  async run({ seconds, runs, profileDir }, progress) {
    const side = (rows: number) =>
      ticklineSide<ComputeBesideResult>(
        "compute-beside-schedule",
        { schedules: SCHEDULES, windowMs: seconds * 1_000, rows },
        { profileDir },
      );
    const sides = [
      { ...side(0), name: "alone" },
      { ...side(ROWS), name: `beside ${showNumber(ROWS)} rows at a time` },
    ];
    const results = await alternate(sides, { runs, progress });
    const rows = results.map(({ name, results: measured }) => {
      const late = (of: (lateness: Lateness) => number): string =>
        showSpread(computeSpread(measured.map(({ lateness }) => of(lateness))), 1);
      return [
        name,
        late(({ p50Ms }) => p50Ms),
        late(({ p99Ms }) => p99Ms),
        late(({ maxMs }) => maxMs),
        measured.map(({ lateness, expected }) => `${showNumber(lateness.count)} of ${showNumber(expected)}`).join(" / "),
        measured.map(({ computed }) => showNumber(computed)).join(" / "),
      ];
    });
    const header = ["side", "late p50 ms", "late p99 ms", "late max ms", "started of due", "aggregations"];
    return `${SCHEDULES} jobs of every second for ${seconds} s; target: p99 under ${LATE_MS_MAX} ms; min / median / max of ${runs} runs.\n\n${textTable(header, rows)}`;
  },
};
