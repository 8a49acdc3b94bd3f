import { AppError } from "../../../domain/app-error.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { attemptError } from "../../../domain/run/run-error.ts";
import { makeEndedRun, type AttemptResult } from "../../../domain/run/settlement.ts";
import type { Settlement, SettleOutcome } from "../../../ports/runs/run-claims.ts";
import { byId, type Change, type Filter, type Update, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import {
  mergeUpdates,
  endAttempt,
  endRun,
  makeDueAgain,
  NOT_CANCELLED,
  OPEN_ATTEMPT,
  type RunUpdate,
  settledAs,
  waitForRetry,
  WAKES_NONE,
} from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";
import { toEndedRuns } from "../runs/run-view.ts";
import { wakeNext } from "./wake-waiting.ts";

const STALE: SettleOutcome = { kind: "stale" };

/**
 * Settles by one batch of compare-and-sets on (run, token), equal results in one statement. If all requested rows matched, all are settled, and
 * the outcomes of runs that this process claimed itself are known without reading them back. The batch leaves out runs that others wait for:
 * the call that writes their end also wakes the next, and a repeated settlement, whose first answer was lost, does so again.
 */
export async function settleAll(context: StoreContext, settlements: readonly Settlement[], now: Instant): Promise<SettleOutcome[]> {
  const { matched } = await context.rows.runs.updateEach(settleChanges(settlements, now, WAKES_NONE));
  const known = matched === settlements.length ? settlements.map((settlement) => knownOutcome(context, settlement, now)) : [null];
  const outcomes = known.includes(null) ? await readOutcomes(context, settlements, now) : (known as SettleOutcome[]);
  for (const { runId } of settlements) context.held.delete(runId);
  return outcomes;
}

function settleChanges(settlements: readonly Settlement[], now: Instant, only: Filter): Change[] {
  const groups = Map.groupBy(settlements, ({ token, result, finishedAt }) => JSON.stringify([token, finishedAt, result]));
  return [...groups.values()].map((group) => {
    const { token, result, finishedAt } = group[0] as Settlement;
    const runIds = group.map(({ runId }) => runId);
    const filter = { ...heldBy(runIds, token), ...(goesOn(result) ? NOT_CANCELLED : {}), ...only };
    return { filter, update: settle(result, { finishedAt, now }) };
  });
}

const heldBy = (runIds: readonly string[], token: string) => ({
  ...withIds(runIds),
  token: { $eq: token },
  state: { $eq: "running" },
  ...OPEN_ATTEMPT,
});

const goesOn = ({ kind }: AttemptResult): boolean => kind === "retry" || kind === "released";

function settle(result: AttemptResult, { finishedAt, now }: { readonly finishedAt: Instant; readonly now: Instant }): Update {
  const attempt = endAttemptBy(result, finishedAt);
  switch (result.kind) {
    case "retry":
      return mergeUpdates(attempt, waitForRetry(now + result.retryDelayMs, result.error), settledAs("retrying"));
    case "released":
      return mergeUpdates(attempt, makeDueAgain(now), settledAs("released"));
    case "succeeded":
    case "failed":
    case "cancelled": {
      const failures = result.kind === "failed" ? { $inc: { failures: 1 } } : {};
      return mergeUpdates(attempt, endRun({ state: result.kind, now, finishedAt, ...pickResult(result) }), settledAs("ended"), failures);
    }
  }
}

const endAttemptBy = (result: AttemptResult, finishedAt: Instant): RunUpdate =>
  endAttempt({
    state: result.kind === "retry" ? "failed" : result.kind,
    finishedAt,
    error: "error" in result ? attemptError(result.error, result.stack) : null,
  });

const pickResult = (result: AttemptResult) => ({
  output: result.kind === "succeeded" ? result.output : null,
  error: result.kind === "failed" ? result.error : null,
});

/** The outcome of a settlement that was applied; null: only the row has it. */
function knownOutcome({ held }: StoreContext, { runId, token, result, finishedAt }: Settlement, now: Instant): SettleOutcome | null {
  if (result.kind === "retry") return { kind: "retrying", retryAt: now + result.retryDelayMs };
  if (result.kind === "released") return { kind: "released" };
  const claim = held.get(runId, token);
  if (claim === undefined) return null;
  const { run, startedAt } = claim;
  return { kind: "ended", run: makeEndedRun(run, { state: result.kind, startedAt, finishedAt, ...pickResult(result) }) };
}

/** Applies the settlements that the first statement left out, and reads all outcomes. */
async function readOutcomes(context: StoreContext, settlements: readonly Settlement[], now: Instant): Promise<SettleOutcome[]> {
  const { runs } = context.rows;
  const readRows = async () => byId(await runs.find(withIds(settlements.map(({ runId }) => runId))));
  let rows = await readRows();
  const left = settlements.filter(({ runId, token }) => isHeld(rows.get(runId), token));
  let applied = false;
  if (left.length > 0) {
    const changes = [...settleChanges(left, now, {}), ...left.flatMap((settlement) => closeAsCancelled(settlement, now))];
    applied = (await runs.updateEach(changes)).matched === left.length;
    rows = await readRows();
  }
  const outcomes = settlements.map((settlement) => {
    const outcome = readOutcome(context, rows.get(settlement.runId), settlement.token);
    // A run that was released, or whose retry has come, may have another token already when it is read.
    return outcome.kind === "stale" && applied && left.includes(settlement) ? (knownOutcome(context, settlement, now) ?? outcome) : outcome;
  });
  const gone = settlements.map(({ runId }, index) => (outcomes[index]?.kind === "stale" ? undefined : rows.get(runId)));
  const woken = await wakeNext(
    context,
    gone.filter((row) => row !== undefined),
  );
  return outcomes.map((outcome, index) => {
    const row = gone[index];
    const ready = row?.wakes === true ? woken.get(row.jobUid)?.at(-1)?.queue : undefined;
    return outcome.kind === "stale" || ready === undefined ? outcome : { ...outcome, ready };
  });
}

const isHeld = (row: RunRow | undefined, token: string): boolean => row?.state === "running" && row.token === token;

/** Its cancel was requested: a run that would continue ends here. */
function closeAsCancelled({ runId, token, result, finishedAt }: Settlement, now: Instant): Change[] {
  if (!goesOn(result)) return [];
  const ended = endRun({ state: "cancelled", now, finishedAt, error: "error" in result ? result.error : null });
  const filter = { ...heldBy([runId], token), cancelRequested: { $eq: true } };
  return [{ filter, update: mergeUpdates(endAttemptBy(result, finishedAt), ended, settledAs("ended")) }];
}

const hasOpenAttempt = ({ attempts }: RunRow): boolean =>
  Array.isArray(attempts) && (attempts as RunRow["attempts"]).some((attempt) => attempt?.state === "running");

function readOutcome(context: StoreContext, row: RunRow | undefined, token: string): SettleOutcome {
  if (row === undefined || row.token !== token) return STALE;
  if (row.state === "running" && !hasOpenAttempt(row)) return STALE; // The end of a missing attempt cannot be written: its lease ends.
  if (row.state === "running")
    throw new AppError("store_unavailable", `settle run ${row._id}: it was neither applied nor refused`, { retryable: true });
  switch (row.settledAs) {
    case "ended": {
      const [run] = toEndedRuns(context, [row]);
      return run === undefined ? STALE : { kind: "ended", run }; // An unreadable run has ended too; a sweep announces its readable parts.
    }
    case "retrying":
      return { kind: "retrying", retryAt: row.retryAt ?? 0 };
    case "released":
      return { kind: "released" };
    case undefined:
      return STALE;
  }
}
