import { writeSync } from "node:fs";
import type { RequestWork } from "../runtime/service/process-work.ts";

export interface StopFacts {
  /** Attempts whose handlers are at work. */
  readonly running: number;
  /** The longest they get to finish, in milliseconds. */
  readonly drainMs: number;
  /** Requests that are under way; null: none are served. */
  readonly requests: RequestWork | null;
}

const SECOND = "ctrl-C again ends the process at once";

/** The line printed at once after ctrl-C: what the process waits for, up to how long, and how not to wait. */
export function stopNotice({ running, drainMs, requests }: StopFacts): string {
  if (running === 0) return `${withoutRuns(requests)} ${SECOND}.`;
  const runs = running === 1 ? "1 run that is" : `${running} runs that are`;
  const them = running === 1 ? "it is" : "they are";
  return `Stopping: waiting up to ${drainMs / 1_000} s for ${runs} at work; then ${them} given back, to be run again. ${SECOND}, and ${them} rescued at the next start.`;
}

function withoutRuns(requests: RequestWork | null): string {
  if (requests === null || requests.underWay + requests.noticeMs === 0) return "Stopping; no run is at work.";
  const { underWay, noticeMs, answerMs } = requests;
  if (underWay === 0) return `Stopping: requests are served for ${noticeMs / 1_000} s more, while /readyz tells load balancers of it.`;
  const them = underWay === 1 ? "1 request that is" : `${underWay} requests that are`;
  return `Stopping: waiting up to ${(noticeMs + answerMs) / 1_000} s for ${them} under way.`;
}

/**
 * Writes a line to the terminal. It goes around `process.stderr`, whose reader may have ended by the same ctrl-C (`npm start 2>&1 | tee log`):
 * a failed write there would be an uncaught error, and end the process before it has drained.
 */
export function tellTerminal(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // The reader is gone.
  }
}
