import { AppError } from "../../domain/app-error.ts";
import { within } from "../../runtime/within.ts";
import { systemClock } from "../system/clock.ts";

/**
 * A statement and all its waits may take so long, in milliseconds; then it fails as `store_unavailable`, and nobody knows what became of
 * it. As long as finding a server and its answer may take: each has its limit in the driver, and this holds where the driver has a gap
 * between them, such as `lost-writes.ts` closes.
 */
export const STATEMENT_MS_MAX = 25_000;

/** Passes on the answer, unless it comes too late. */
export function answeredWithin<Answer>(deed: string, answer: Promise<Answer>, ms = STATEMENT_MS_MAX): Promise<Answer> {
  const late = (): AppError => new AppError("store_unavailable", `${deed}: no answer within ${ms} ms`, { retryable: true });
  return within(answer, { clock: systemClock, ms, late });
}
