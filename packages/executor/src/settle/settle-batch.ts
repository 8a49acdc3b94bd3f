import { toAppError, type AppError } from "@tickline/shared/domain/app-error";
import { toIso, type Instant } from "@tickline/shared/domain/time/instant";
import type { SettleOutcome, Settlement } from "@tickline/shared/ports/runs/run-claims";
import { errorFields, logEnd } from "@tickline/shared/runtime/log/ended-run-log";
import type { PacedLog } from "@tickline/shared/runtime/log/paced-log";
import type { ExecutorContext } from "../executor-context.ts";
import type { Outcome } from "../executor-metrics.ts";
import type { ControlHints } from "../publish/control-hints.ts";
import type { RunEvents } from "../publish/run-events.ts";
import type { SettleBatch, Unsettled } from "./settle-queue.ts";

export interface SettleContext {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "log" | "runLog" | "metrics">;
  readonly events: RunEvents;
  readonly hints: ControlHints;
}

/** Writes one batch of results, and publishes the outcomes. Resolves with the fault if the store did not write it, perhaps because of one result. */
export async function settleBatch({ context, events, hints }: SettleContext, { results, failures }: SettleBatch): Promise<AppError | null> {
  const { claims, clock, log } = context;
  try {
    const outcomes = await claims.settle({ settlements: results.map(toSettlement), now: clock.now() });
    publishOutcomes({ context, events, hints }, results, outcomes);
    return null;
  } catch (thrown) {
    const fault = toAppError(thrown, `settle ${results.length} runs, ${results[0]?.claim.run.runId} first`);
    log.warn({ err: fault, runs: results.length, failures: failures + 1 }, "results were not written");
    return fault;
  }
}

function publishOutcomes(
  { context, events, hints }: SettleContext,
  results: readonly Unsettled[],
  outcomes: readonly SettleOutcome[],
): void {
  const { log, metrics, runLog } = context;
  const counts: Partial<Record<Outcome, number>> = {};
  const stale: string[] = [];
  for (const [index, unsettled] of results.entries()) {
    const outcome = outcomes[index] ?? { kind: "stale" };
    const counted = toCounted(outcome);
    counts[counted] = (counts[counted] ?? 0) + 1;
    if (outcome.kind !== "stale" && outcome.ready !== undefined) hints.runsReady(outcome.ready);
    if (outcome.kind === "ended") {
      events.ended(outcome.run);
      logEnd(runLog, outcome.run, unsettled.stack ?? null);
    } else if (outcome.kind === "retrying") {
      events.retrying(unsettled, outcome.retryAt);
      logRetry(runLog, unsettled, outcome.retryAt);
    } else if (outcome.kind === "stale") stale.push(unsettled.claim.run.runId);
  }
  for (const [outcome, runs] of Object.entries(counts)) metrics.settled[outcome as Outcome].inc(runs);
  if (stale.length > 0) log.warn({ runs: stale }, "results were refused: the leases of their runs had ended, and others have them now");
}

/** An attempt that failed and is tried again is logged as information: the run may still succeed. */
function logRetry(log: PacedLog, { claim: { run }, result, stack }: Unsettled, retryAt: Instant): void {
  if (result.kind !== "retry") return;
  const { jobId: job, runId, attempt, handler } = run;
  const fields = { job, run: runId, attempt, handler, retryAt: toIso(retryAt), ...errorFields(result.error, stack ?? null) };
  log.info(fields, "an attempt failed, and the run is tried again");
}

/** By what the store answered: it turns a retry into a cancel if the run was cancelled. */
function toCounted(outcome: SettleOutcome): Outcome {
  if (outcome.kind === "retrying") return "retry";
  if (outcome.kind !== "ended") return outcome.kind;
  return outcome.run.state === "succeeded" || outcome.run.state === "cancelled" ? outcome.run.state : "failed";
}

const toSettlement = ({ claim, result, finishedAt }: Unsettled): Settlement => ({
  runId: claim.run.runId,
  token: claim.token,
  result,
  finishedAt,
});
