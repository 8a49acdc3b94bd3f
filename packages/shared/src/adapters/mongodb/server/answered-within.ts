import { AppError } from "../../../domain/app-error.ts";
import { STATEMENT_MS_MAX } from "../../../domain/time-limits.ts";
import { within } from "../../../runtime/within.ts";
import { systemClock } from "../../system/clock.ts";

/**
 * Passes on the answer, unless it comes too late: then the statement fails as `store_unavailable`, and nobody knows what became of it. The
 * limit is as long as finding a server and its answer may take: each has its limit in the driver, and this holds where the driver has a gap
 * between them, such as `lost-writes.ts` closes.
 */
export function answeredWithin<Answer>(deed: string, answer: Promise<Answer>, ms = STATEMENT_MS_MAX): Promise<Answer> {
  const late = (): AppError => new AppError("store_unavailable", `${deed}: no answer within ${ms} ms`, { retryable: true });
  return within(answer, { clock: systemClock, ms, late });
}
