import { AppError } from "../../../domain/app-error.ts";
import type { Instant } from "../../../domain/instant.ts";
import { attemptError } from "../../../domain/run-error.ts";
import { makeEndedRun, type AttemptResult } from "../../../domain/settlement.ts";
import type { Settlement, SettleOutcome } from "../../../ports/run-claims.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import type { Change, Filter } from "../collections/rows.ts";
import { wakeNext } from "./overlap-wakes.ts";
import {
  allOf,
  endAttempt,
  endRun,
  makeDueAgain,
  NOT_CANCELLED,
  OPEN_ATTEMPT,
  settledAs,
  waitForRetry,
  WAKES_NOBODY,
} from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";
import { asReadable, endedRunOf } from "../runs/run-view.ts";

const STALE: SettleOutcome = { kind: "stale" };

/**
 * Settles by one batch of compare-and-sets on (run, token), equal results in one statement. When as many rows matched as
 * were asked for, all stand, and what this process claimed itself is told without reading it back. Runs that others wait behind are left out
 * of it: whoever writes their end also wakes the next, and a repeated settlement, whose first answer was lost, does so again.
 */
export async function settleAll(context: StoreContext, settlements: readonly Settlement[], now: Instant): Promise<SettleOutcome[]> {
  const { matched } = await context.rows.runs.updateEach(changesOf(settlements, now, WAKES_NOBODY));
  const told = matched === settlements.length ? settlements.map((settlement) => toldOf(context, settlement, now)) : [];
  const outcomes = told.length > 0 && !told.includes(null) ? (told as SettleOutcome[]) : await readOutcomes(context, settlements, now);
  for (const { runId } of settlements) context.held.delete(runId);
  return outcomes;
}

function changesOf(settlements: readonly Settlement[], now: Instant, only: Filter): Change[] {
  const groups = groupBy(settlements, ({ token, result, finishedAt }) => JSON.stringify([token, finishedAt, result]));
  return [...groups.values()].map((group) => {
    const { token, result, finishedAt } = group[0] as Settlement;
    const goesOn = result.kind === "retry" || result.kind === "released";
    return {
      filter: {
        ...heldBy(
          group.map(({ runId }) => runId),
          token,
        ),
        ...(goesOn ? NOT_CANCELLED : {}),
        ...only,
      },
      update: updateOf(result, { finishedAt, now }),
    };
  });
}

const heldBy = (runIds: readonly string[], token: string) => ({
  _id: { $in: runIds.toSorted() },
  token: { $eq: token },
  state: { $eq: "running" },
  ...OPEN_ATTEMPT,
});

function updateOf(result: AttemptResult, { finishedAt, now }: { readonly finishedAt: Instant; readonly now: Instant }) {
  switch (result.kind) {
    case "retry": {
      const ended = endAttempt({ state: "failed", finishedAt, error: attemptError(result.error, result.stack) });
      return allOf(ended, waitForRetry(now + result.retryDelayMs, result.error), settledAs("retrying"));
    }
    case "released":
      return allOf(endAttempt({ state: "released", finishedAt }), makeDueAgain(now), settledAs("released"));
    case "succeeded": {
      const ended = endRun({ state: "succeeded", now, finishedAt, output: result.output, error: null });
      return allOf(endAttempt({ state: "succeeded", finishedAt }), ended, settledAs("ended"));
    }
    case "failed": {
      const { error } = result;
      const ended = endRun({ state: "failed", now, finishedAt, error });
      const attempt = endAttempt({ state: "failed", finishedAt, error: attemptError(error, result.stack) });
      return allOf(attempt, ended, settledAs("ended"), { $inc: { failures: 1 } });
    }
    case "cancelled":
      return allOf(
        endAttempt({ state: "cancelled", finishedAt }),
        endRun({ state: "cancelled", now, finishedAt, error: null }),
        settledAs("ended"),
      );
  }
}

/** What a settlement that was applied came to; null: only the row can tell. */
function toldOf({ held }: StoreContext, { runId, token, result, finishedAt }: Settlement, now: Instant): SettleOutcome | null {
  if (result.kind === "retry") return { kind: "retrying", retryAt: now + result.retryDelayMs };
  if (result.kind === "released") return { kind: "released" };
  const claim = held.get(runId, token);
  if (claim === undefined) return null;
  const { run, startedAt } = claim;
  const output = result.kind === "succeeded" ? result.output : null;
  const error = result.kind === "failed" ? result.error : null;
  return { kind: "ended", run: makeEndedRun(run, { state: result.kind, startedAt, finishedAt, output, error }) };
}

/** Applies what the first statement has left out, and reads what became of all. */
async function readOutcomes(context: StoreContext, settlements: readonly Settlement[], now: Instant): Promise<SettleOutcome[]> {
  let rows = await readRows(context, settlements);
  const held = new Set(settlements.filter(({ runId, token }) => isHeld(rows.get(runId), token)));
  let applied = false;
  if (held.size > 0) {
    const left = [...held];
    const changes = [...changesOf(left, now, {}), ...left.flatMap((settlement) => closeAsCancelled(settlement, now))];
    applied = (await context.rows.runs.updateEach(changes)).matched === left.length;
    rows = await readRows(context, settlements);
  }
  const outcomes = settlements.map((settlement) => {
    const outcome = outcomeOf(context, rows.get(settlement.runId), settlement.token);
    // What was released, or its retry has come, may be another's already when it is read.
    return outcome.kind === "stale" && applied && held.has(settlement) ? (toldOf(context, settlement, now) ?? outcome) : outcome;
  });
  const gone = settlements.map(({ runId }, index) => {
    const row = rows.get(runId);
    return row?.wakes === true && outcomes[index]?.kind !== "stale" ? row : null;
  });
  const woken = await wakeNext(
    context,
    gone.filter((row) => row !== null),
  );
  return outcomes.map((outcome, index) => {
    const ready = woken.get(gone[index]?.jobUid ?? "")?.at(-1)?.queue;
    return outcome.kind === "stale" || ready === undefined ? outcome : { ...outcome, ready };
  });
}

const readRows = async ({ rows }: StoreContext, settlements: readonly Settlement[]): Promise<Map<string, RunRow>> =>
  new Map((await rows.runs.find({ _id: { $in: settlements.map(({ runId }) => runId) } })).map((row) => [row._id, row]));

const isHeld = (row: RunRow | undefined, token: string): boolean => row?.state === "running" && row.token === token;

/** Somebody wants it cancelled: what would go on ends here. */
function closeAsCancelled({ runId, token, result, finishedAt }: Settlement, now: Instant): Change[] {
  if (result.kind !== "retry" && result.kind !== "released") return [];
  const error = result.kind === "retry" ? result.error : null;
  const attempt =
    result.kind === "retry"
      ? endAttempt({ state: "failed", finishedAt, error: attemptError(result.error, result.stack) })
      : endAttempt({ state: "released", finishedAt });
  const ended = endRun({ state: "cancelled", now, finishedAt, error });
  return [{ filter: { ...heldBy([runId], token), cancelRequested: { $eq: true } }, update: allOf(attempt, ended, settledAs("ended")) }];
}

const hasOpenAttempt = ({ attempts }: RunRow): boolean =>
  Array.isArray(attempts) && (attempts as RunRow["attempts"]).some((attempt) => attempt?.state === "running");

/** One that was ended and cannot be read is ended all the same; a sweep announces what of it can be read. */
function endedAs({ onUnreadable }: Pick<StoreContext, "onUnreadable">, row: RunRow): SettleOutcome {
  const [run] = mapReadable([row], asReadable(endedRunOf, onUnreadable));
  return run === undefined ? STALE : { kind: "ended", run };
}

function outcomeOf(context: StoreContext, row: RunRow | undefined, token: string): SettleOutcome {
  if (row === undefined || row.token !== token) return STALE;
  if (row.state === "running" && !hasOpenAttempt(row)) return STALE; // Nothing can be written of an attempt that is not there: its lease ends.
  if (row.state === "running")
    throw new AppError("store_unavailable", `settle run ${row._id}: it was neither applied nor refused`, { retryable: true });
  switch (row.settledAs) {
    case "ended":
      return endedAs(context, row);
    case "retrying":
      return { kind: "retrying", retryAt: row.retryAt ?? 0 };
    case "released":
      return { kind: "released" };
    case undefined:
      return STALE;
  }
}
