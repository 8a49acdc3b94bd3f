import { AppError } from "../../domain/app-error.ts";
import { within } from "../../runtime/within.ts";
import { systemClock } from "../system/clock.ts";

/**
 * A statement and all its waits may take so long, in milliseconds; then it fails as `store_unavailable`, and nobody knows what became of
 * it. As long as finding a server and its answer may take; the limits of the driver leave one gap: what it writes to a socket that was
 * destroyed a moment before waits for ever to drain (mongodb 7.8, `Connection.writeCommand`). Its connection is lost to the pool.
 */
export const STATEMENT_MS_MAX = 25_000;

/** Passes on the answer, unless it comes too late. */
export function answeredWithin<Answer>(deed: string, answer: Promise<Answer>, ms = STATEMENT_MS_MAX): Promise<Answer> {
  const late = (): AppError => new AppError("store_unavailable", `${deed}: no answer within ${ms} ms`, { retryable: true });
  return within(answer, { clock: systemClock, ms, late });
}
