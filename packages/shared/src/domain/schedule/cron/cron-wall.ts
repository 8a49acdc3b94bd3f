import { Cron } from "croner";
import { boundedCache } from "../bounded-cache.ts";
import { parseCron } from "./cron-line.ts";
import { linesByMonth } from "./days-before-last.ts";
import type { WallTime } from "../zone/wall-time.ts";

/** Compiled lines kept (at most twice this many): each takes 79 KB of croner's tables and 15 us to make. */
const COMPILED_MAX = 250;

/** The Gregorian calendar with its weekdays repeats after 400 years: 146,097 days, which are whole weeks. */
const CYCLE_MS = 146_097 * 86_400_000;

const YEAR_2000 = Date.UTC(2000, 0, 1);

/** One line for all months or, where days are counted back from the last one, one for each length of a month. */
type CompiledLine = readonly { readonly cron: Cron; readonly monthDays: number | null }[];

const compiledLines = boundedCache<string, CompiledLine>(COMPILED_MAX);

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
  let first: WallTime | null = null;
  for (const { cron: line, monthDays } of compiled) {
    const next = monthDays === null ? line.nextRun(new Date(after - shiftMs)) : nextInMonths(line, monthDays, new Date(after - shiftMs));
    if (next !== null && (first === null || next.getTime() < first)) first = next.getTime();
  }
  return first === null ? null : first + shiftMs;
}

/** Lines for February also fire in years of the other length. */
function nextInMonths(line: Cron, monthDays: number, after: Date): Date | null {
  let next = line.nextRun(after);
  while (next !== null && daysInMonth(next) !== monthDays)
    next = line.nextRun(new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 1) - 1));
  return next;
}

const daysInMonth = (date: Date): number => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

/**
 * A line was valid when it was accepted; another version of the parser may refuse it. It is read again, because croner
 * treats `SUN-SUN`, which earlier lines were stored with unchanged, as the whole week.
 */
function compile(cron: string): CompiledLine {
  const read = parseCron(cron);
  const line = read.kind === "parsed" ? read.value : cron;
  try {
    return linesByMonth(line).map((one) => ({
      cron: new Cron(one.line, { mode: "5-or-6-parts", utcOffset: 0 }),
      monthDays: one.monthDays,
    }));
  } catch (cause) {
    throw new TypeError(`the cron line ${JSON.stringify(cron)} is refused: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
