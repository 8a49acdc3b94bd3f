import type { OverlapPolicy } from "../../../domain/overlap.ts";
import { RUN_CAUSES, type RunIdentity, type RunOutcome } from "../../../domain/run.ts";
import { settleAttempt } from "../../../domain/run-changes.ts";
import { attemptError } from "../../../domain/run-error.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { RunClaims, Settlement, SettleOutcome } from "../../../ports/run-claims.ts";
import type { Answering, StoreContext } from "../context.ts";
import { query, selected, toJson } from "../rows.ts";
import { IDENTITY_FIELDS, NAMES_OF_JOB, type RunRows, type StoredRun } from "./run-rows.ts";

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
  if (run.standing !== "running") return repeatedOutcome(runs, run);
  const next = settleAttempt(run, { result, finishedAt, now });
  runs.save(next);
  const woken = overlap.wakeNext(run).at(-1);
  return { ...outcomeOf(runs, next), ...(woken !== undefined && { ready: woken.queue }) };
}

/** One that cannot be read has ended all the same. */
function outcomeOf(runs: RunRows, run: StoredRun): SettleOutcome {
  if (run.standing === "retrying") return { kind: "retrying", retryAt: run.wakeAt ?? 0 };
  if (run.standing !== null) return { kind: "released" };
  const [ended] = runs.toEnded([run]);
  return ended === undefined ? { kind: "stale" } : { kind: "ended", run: ended };
}

/** The attempt was given back, or the run was ended, by this very settlement. */
function repeatedOutcome(runs: RunRows, run: StoredRun): SettleOutcome {
  if (run.standing === null || run.standing === "retrying") return outcomeOf(runs, run);
  const last = run.pastAttempts.at(-1);
  return last?.state === "failed" ? { kind: "retrying", retryAt: last.finishedAt ?? 0 } : { kind: "released" };
}

interface FinishedRow extends RunIdentity, Pick<RunOutcome, "count" | "scheduledForLast" | "attempt" | "startedAt"> {
  readonly runKey: number;
  readonly jobKey: number;
  readonly overlap: OverlapPolicy;
  readonly hasWaiting: number;
}

/** Else all of the row says what can be announced of it. */
const isReadable = ({ cause, scheduledFor, count, scheduledForLast, attempt, startedAt }: FinishedRow): boolean =>
  RUN_CAUSES.includes(cause) && !Number.isNaN(scheduledFor + count + Number(scheduledForLast) + attempt + Number(startedAt));

/**
 * What `settleAttempt` makes of a result that ends the run, in a narrow read and a narrow write: nearly every run ends so, and all of its row
 * takes twice as long. Null: the result ends nothing, the attempt is not in progress, or the row cannot be read. The output is not sent back.
 */
function openFinish({ db, overlap }: StoreContext): (settlement: Settlement, now: number) => Finished | null {
  const fields = [...IDENTITY_FIELDS, "count", "scheduledForLast", "attempt", "startedAt", "runKey", "jobKey", "overlap"];
  const select = query<FinishedRow>(
    db,
    `SELECT ${selected("runs", fields)}, ${NAMES_OF_JOB},
       EXISTS (SELECT 1 FROM runs AS other WHERE other.job_key = runs.job_key AND other.standing = 'waiting') AS hasWaiting
     FROM runs CROSS JOIN jobs USING (job_key) WHERE run_id = ? AND token = ? AND standing = 'running'`,
  );
  const update = db.prepare(
    "UPDATE runs SET state = ?, standing = NULL, finished_at = ?, settled_at = ?, output = ?, error = ?, lease_ends_at = NULL WHERE run_key = ?",
  );
  return ({ runId, token, result, finishedAt }, now) => {
    if (result.kind === "retry" || result.kind === "released") return null;
    const row = select.get(runId, token);
    if (row === undefined || !isReadable(row)) return null;
    const { runKey, jobKey, overlap: policy, hasWaiting, ...names } = row;
    const stored = result.kind === "failed" ? attemptError(result.error, result.stack) : null;
    update.run(result.kind, finishedAt, now, result.kind === "succeeded" ? toJson(result.output) : null, toJson(stored), runKey);
    const error = result.kind === "failed" ? result.error : null;
    const run: EndedRun = { ...names, state: result.kind, reason: null, finishedAt, output: null, error };
    const woken = hasWaiting === 1 ? overlap.wakeNext({ jobKey, overlap: policy }).at(-1) : undefined;
    return { runKey, outcome: { kind: "ended", run, ...(woken !== undefined && { ready: woken.queue }) } };
  };
}
