import type { OverlapPolicy } from "../../domain/overlap.ts";
import type { RunCause } from "../../domain/run.ts";
import { settleAttempt } from "../../domain/run-changes.ts";
import { attemptError } from "../../domain/run-error.ts";
import { toEndedRun } from "../../domain/run-record.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { RunClaims, Settlement, SettleOutcome } from "../../ports/run-claims.ts";
import type { Answering, StoreContext } from "./context.ts";
import { toJson, tupleQuery } from "./rows.ts";
import type { StoredRun } from "./run-rows.ts";

/** Compares and sets attempts by their tokens; answers a repeat as the first time. */
export function openSettle(context: StoreContext): Answering<RunClaims>["settle"] {
  const finish = openFinish(context);
  const announceAll = context.db.prepare("INSERT INTO unannounced (run_key, settled_at) SELECT value, ? FROM json_each(?)");
  return ({ settlements, now }) => {
    const runKeys: number[] = [];
    const outcomes = settlements.map((settlement) => {
      const finished = finish(settlement, now);
      if (finished === null) return settleOne(context, settlement, now);
      runKeys.push(finished.runKey);
      return finished.outcome;
    });
    if (runKeys.length > 0) announceAll.run(now, JSON.stringify(runKeys));
    return outcomes;
  };
}

interface Finished {
  readonly runKey: number;
  readonly outcome: SettleOutcome;
}

function settleOne({ runs, overlap }: StoreContext, { runId, token, result, finishedAt }: Settlement, now: number): SettleOutcome {
  const run = runs.find(runId);
  if (run === null || run.token !== token) return { kind: "stale" };
  if (run.standing !== "running") return repeatedOutcome(run);
  const next = settleAttempt(run, { result, finishedAt, now });
  runs.save(next);
  const woken = overlap.wakeNext(run).at(-1);
  return { ...outcomeOf(next), ...(woken !== undefined && { ready: woken.queue }) };
}

function outcomeOf(run: StoredRun): SettleOutcome {
  if (run.standing === null) return { kind: "ended", run: toEndedRun(run) };
  return run.standing === "retrying" ? { kind: "retrying", retryAt: run.wakeAt ?? 0 } : { kind: "released" };
}

/** The attempt was given back, or the run was ended, by this very settlement. */
function repeatedOutcome(run: StoredRun): SettleOutcome {
  if (run.standing === null || run.standing === "retrying") return outcomeOf(run);
  const last = run.pastAttempts.at(-1);
  return last?.state === "failed" ? { kind: "retrying", retryAt: last.finishedAt ?? 0 } : { kind: "released" };
}

type FinishedRow = readonly [
  ...(readonly [runKey: number, jobKey: number, jobVersion: number, queue: string, handler: string, cause: RunCause]),
  ...(readonly [scheduledFor: number, count: number, scheduledForLast: number | null, attempt: number, startedAt: number]),
  ...(readonly [overlap: OverlapPolicy, tenantId: string, jobUid: string, jobId: string, hasWaiting: number]),
];

/**
 * What `settleAttempt` makes of a result that ends the run, in a narrow read and a narrow write: nearly every run ends so, and all of its row
 * takes twice as long. Null: the result ends nothing, or the attempt is not in progress. The output is not sent back.
 */
function openFinish({ db, overlap }: StoreContext): (settlement: Settlement, now: number) => Finished | null {
  const select = tupleQuery<FinishedRow>(
    db,
    `SELECT run_key, job_key, job_version, runs.queue, runs.handler, cause, scheduled_for, count, scheduled_for_last, attempt, started_at,
       runs.overlap, tenant_id, uid, id,
       EXISTS (SELECT 1 FROM runs AS other WHERE other.job_key = runs.job_key AND other.standing = 'waiting')
     FROM runs JOIN jobs USING (job_key) WHERE run_id = ? AND token = ? AND standing = 'running'`,
  );
  const update = db.prepare(
    "UPDATE runs SET state = ?, standing = NULL, finished_at = ?, settled_at = ?, output = ?, error = ?, lease_ends_at = NULL WHERE run_key = ?",
  );
  return ({ runId, token, result, finishedAt }, now) => {
    if (result.kind === "retry" || result.kind === "released") return null;
    const row = select.get(runId, token);
    if (row === undefined) return null;
    const [runKey, jobKey, jobVersion, queue, handler, cause, scheduledFor, count, scheduledForLast, attempt, startedAt, ...rest] = row;
    const [policy, tenantId, jobUid, jobId, hasWaiting] = rest;
    const stored = result.kind === "failed" ? attemptError(result.error, result.stack) : null;
    update.run(result.kind, finishedAt, now, result.kind === "succeeded" ? toJson(result.output) : null, toJson(stored), runKey);
    const error = result.kind === "failed" ? result.error : null;
    const names = { tenantId, runId, jobUid, jobId, jobVersion, queue, handler, cause, scheduledFor, count, scheduledForLast, attempt };
    const run: EndedRun = { ...names, state: result.kind, reason: null, startedAt, finishedAt, output: null, error };
    const woken = hasWaiting === 1 ? overlap.wakeNext({ jobKey, overlap: policy }).at(-1) : undefined;
    return { runKey, outcome: { kind: "ended", run, ...(woken !== undefined && { ready: woken.queue }) } };
  };
}
