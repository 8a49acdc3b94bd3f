import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "./logger.ts";

/** A log for what happens with each run. */
export type PacedLog = Pick<Logger, "info" | "warn">;

/**
 * Lines at `info` that are written in one second; the others of that second are at `debug`. A line costs 4 µs and a plain run 70, so that a
 * line at each start and end would make thousands of runs a second slower by a tenth, and are not read.
 */
export const PACED_LINES_MAX = 200;
const WINDOW_MS = 1_000;

export function createPacedLog(log: Logger, clock: Pick<Clock, "monotonicMs">): PacedLog {
  let windowMs = Number.NEGATIVE_INFINITY;
  let lines = 0;

  function info(fields: Record<string, unknown>, message: string): void {
    const nowMs = clock.monotonicMs();
    if (nowMs - windowMs >= WINDOW_MS) [windowMs, lines] = [nowMs, 0];
    lines += 1;
    if (lines <= PACED_LINES_MAX) return log.info(fields, message);
    if (lines === PACED_LINES_MAX + 1) log.info({ linesMax: PACED_LINES_MAX }, "further lines of runs in this second are at level debug");
    log.debug(fields, message);
  }
  return { info, warn: (fields: Record<string, unknown>, message: string) => log.warn(fields, message) } as PacedLog;
}
