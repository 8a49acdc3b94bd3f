import type { Instant } from "../../../domain/instant.ts";
import { attemptError } from "../../../domain/run-error.ts";
import type { AttemptResult } from "../../../domain/settlement.ts";
import type { Settlement, SettleOutcome } from "../../../ports/run-claims.ts";
import { endAttempt, endRun, makeDueAgain, waitForRetry } from "./run-changes.ts";
import { wakeNext } from "./overlap-waits.ts";
import { endedRunOf, type RunRow } from "./run-row.ts";
import type { RunTable } from "./run-table.ts";

/** Writes what an attempt came to, if its token holds the lease; answers a repeat as the first time. */
export function settleAttempt(runs: RunTable, settlement: Settlement, now: Instant): SettleOutcome {
  const { runId, token } = settlement;
  const row = runs.get(runId);
  if (row === undefined) return { kind: "stale" };
  if (row.lease?.token !== token) return row.settled?.token === token ? row.settled.outcome : { kind: "stale" };
  if (row.state !== "running") return { kind: "stale" };
  const outcome = row.cancelRequested ? settleCancelled(row, settlement, now) : settleOpen(row, settlement, now);
  row.settled = { token, outcome };
  runs.save(row);
  const woken = wakeNext(runs, row).at(-1);
  return woken === undefined || outcome.kind === "stale" ? outcome : { ...outcome, ready: woken.origin.definition.queue };
}

function settleOpen(row: RunRow, settlement: Settlement, now: Instant): SettleOutcome {
  const { result, finishedAt } = settlement;
  switch (result.kind) {
    case "retry": {
      endAttempt(row, { state: "failed", finishedAt, error: attemptError(result.error, result.stack) });
      waitForRetry(row, now + result.retryDelayMs);
      row.error = result.error;
      return { kind: "retrying", retryAt: now + result.retryDelayMs };
    }
    case "released":
      endAttempt(row, { state: "released", finishedAt, error: null });
      makeDueAgain(row, now);
      return { kind: "released" };
    case "succeeded":
    case "failed":
    case "cancelled":
      return endWith(row, { ...settlement, result }, now);
  }
}

/** Somebody wants it cancelled: what would go on ends here; an end that was reached stands. */
function settleCancelled(row: RunRow, settlement: Settlement, now: Instant): SettleOutcome {
  const { result, finishedAt } = settlement;
  if (result.kind !== "retry" && result.kind !== "released") return endWith(row, { ...settlement, result }, now);
  const error = result.kind === "retry" ? result.error : null;
  const attempt = result.kind === "retry" ? attemptError(result.error, result.stack) : null;
  endAttempt(row, { state: result.kind === "retry" ? "failed" : "released", finishedAt, error: attempt });
  endRun(row, { state: "cancelled", now, finishedAt, error });
  return { kind: "ended", run: endedRunOf(row) };
}

type FinalResult = Exclude<AttemptResult, { kind: "retry" | "released" }>;

function endWith(row: RunRow, { result, finishedAt }: Settlement & { readonly result: FinalResult }, now: Instant): SettleOutcome {
  const error = result.kind === "failed" ? result.error : null;
  const output = result.kind === "succeeded" ? result.output : null;
  if (result.kind === "failed") row.failures += 1;
  endAttempt(row, { state: result.kind, finishedAt, error: result.kind === "failed" ? attemptError(result.error, result.stack) : null });
  endRun(row, { state: result.kind, now, finishedAt, output, error });
  return { kind: "ended", run: endedRunOf(row) };
}
