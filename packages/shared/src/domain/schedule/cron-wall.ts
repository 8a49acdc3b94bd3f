import { Cron } from "croner";
import { boundedCache } from "./bounded-cache.ts";
import { parseCron } from "./cron-line.ts";
import type { WallTime } from "./wall-time.ts";

/** Compiled lines kept (twice that at worst): each takes 79 KB of croner's tables and 15 us to make. */
const COMPILED_MAX = 250;

/** The Gregorian calendar with its weekdays repeats after 400 years: 146,097 days, which are whole weeks. */
const CYCLE_MS = 146_097 * 86_400_000;

const YEAR_2000 = Date.UTC(2000, 0, 1);

const compiledLines = boundedCache<string, Cron>(COMPILED_MAX);

/**
 * The first wall-clock time strictly after `after` that a valid cron line matches, or null if there is none, ever. Pure
 * calendar: no zone is involved, so nothing is skipped or repeated here. Costs 1 to 10 us.
 *
 * Croner only ever works on a clock without changes (offset 0): the rule for gaps and folds is ours (`cron.ts`), one for
 * cron and calendar schedules. Croner 11.0.1's own drops a fixed time in a gap that ends on the next day (23:30 in
 * America/Nuuk on 2024-03-30), costs five times as much, and it stops at the year 3000: hence the 400-year window.
 */
export function nextWallTime(cron: string, after: WallTime): WallTime | null {
  let compiled = compiledLines.get(cron);
  if (compiled === undefined) {
    compiled = compile(cron);
    compiledLines.set(cron, compiled);
  }
  const shiftMs = Math.floor((after - YEAR_2000) / CYCLE_MS) * CYCLE_MS;
  const next = compiled.nextRun(new Date(after - shiftMs));
  return next === null ? null : next.getTime() + shiftMs;
}

/**
 * A line was valid when it was accepted; another version of the parser may refuse it. It is read once more, because croner
 * takes `SUN-SUN` in lines that were stored as it was written for the whole week.
 */
function compile(cron: string): Cron {
  const read = parseCron(cron);
  try {
    return new Cron(read.kind === "parsed" ? read.value : cron, { mode: "5-or-6-parts", utcOffset: 0 });
  } catch (cause) {
    throw new TypeError(`the cron line ${JSON.stringify(cron)} is refused: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
