import { AppError } from "../../../domain/app-error.ts";
import { backoffMs } from "../../../domain/time/backoff.ts";
import { STATEMENT_MS_MAX } from "../../../domain/time/time-limits.ts";
import { within } from "../../../runtime/within.ts";
import { systemClock } from "../../system/clock.ts";
import { systemEntropy } from "../../system/entropy.ts";
import { isConflict, storeFault } from "./faults.ts";
import type { WriteWatch } from "./write-watch.ts";

/** Sends a statement and returns the server's answer. Throws `AppError`. */
export type Send = <Answer>(deed: string, statement: () => Promise<Answer>) => Promise<Answer>;

/** Times a statement is sent again after the server aborted it for another. */
const CONFLICTS_MAX = 8;
/** The longest first pause before that. */
const CONFLICT_PAUSE_MS = 20;

/** Sends a statement, and repeats it while the server aborts it, within its time limit. Each one is a compare-and-set, or harmless to repeat. */
export const sendWithin =
  (statementMs: number = STATEMENT_MS_MAX): Send =>
  async (deed, statement) => {
    const untilMs = systemClock.monotonicMs() + statementMs;
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await answeredWithin(deed, statement(), untilMs - systemClock.monotonicMs());
      } catch (fault) {
        if (!isConflict(fault) || conflicts >= CONFLICTS_MAX || systemClock.monotonicMs() >= untilMs) throw storeFault(fault, deed);
        await pauseAfter(conflicts);
      }
    }
  };

/** A write of a server that refuses all writes is no fault of the statement: it may be accepted later. */
export const sendWatched =
  (watch: WriteWatch, send: Send): Send =>
  async (deed, statement) => {
    let why: string | null = null;
    const answer = await send(deed, async () => {
      try {
        return await statement();
      } catch (fault) {
        why = watch.failed(fault);
        throw fault;
      }
    }).catch((fault: unknown) => {
      throw why === null ? fault : new AppError("store_unavailable", `${deed}: ${why}`, { retryable: true, cause: fault });
    });
    watch.taken();
    return answer;
  };

/**
 * Passes on the answer, unless it comes too late: then the statement fails as `store_unavailable`, and its outcome is unknown. The
 * limit is the time for finding a server and for its answer. The driver limits each; this limit covers gaps between them
 * in the driver, such as the one that `endLostWrites` closes.
 */
export function answeredWithin<Answer>(deed: string, answer: Promise<Answer>, ms: number): Promise<Answer> {
  const late = (): AppError => new AppError("store_unavailable", `${deed}: no answer within ${ms} ms`, { retryable: true });
  return within(answer, { clock: systemClock, ms, late });
}

/** A pause of random length: writers that conflicted at one key would conflict again if all repeated at once. */
const pauseAfter = (conflicts: number): Promise<void> =>
  new Promise(
    (resolve) => void systemClock.setTimer(systemEntropy.random() * backoffMs(conflicts + 1, CONFLICT_PAUSE_MS, Infinity), resolve),
  );
