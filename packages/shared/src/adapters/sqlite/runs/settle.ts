import type { Instant } from "../../../domain/time/instant.ts";
import { settleAttempt } from "../../../domain/run/run-changes.ts";
import { attemptError } from "../../../domain/run/run-error.ts";
import type { Settlement, SettleOutcome } from "../../../ports/runs/run-claims.ts";
import type { StoreContext } from "../context.ts";
import { toJson } from "../rows.ts";
import type { RunRows, StoredRun } from "./run-rows.ts";

/** A settlement as it is sent to the store's thread. `isHeld`: its sender has the run, so the answer leaves it out. */
export interface SettlementCall extends Settlement {
  readonly isHeld: boolean;
}
/** `applied`: the result of a run that its sender knows is its end. */
export type SettleRow = SettleOutcome | { readonly kind: "applied" };

/** Compares and sets attempts by their tokens; a repeat gets the same answer. */
export function openSettle(
  context: StoreContext,
): (request: { readonly settlements: readonly SettlementCall[]; readonly now: Instant }) => SettleRow[] {
  const finish = openFinish(context);
  const announceAll = context.db.prepare("INSERT INTO unannounced (settled_at, run_id) SELECT ?, value FROM json_each(?)");
  return ({ settlements, now }) => {
    const finished: string[] = [];
    const rows = settlements.map((settlement): SettleRow => {
      if (!settlement.isHeld || !finish(settlement, now)) return settleOne(context, settlement, now);
      finished.push(settlement.runId);
      return APPLIED;
    });
    if (finished.length > 0) announceAll.run(now, JSON.stringify(finished));
    return rows;
  };
}

const APPLIED = { kind: "applied" } as const;

function settleOne({ runs, overlap }: StoreContext, { runId, token, result, finishedAt }: Settlement, now: number): SettleOutcome {
  const run = runs.find(runId);
  if (run === null || run.token !== token) return { kind: "stale" };
  if (run.standing !== "running") return repeatedOutcome(runs, run);
  const next = settleAttempt(run, { result, finishedAt, now });
  runs.save(next);
  const woken = overlap.wakeNext(run).at(-1);
  return { ...toOutcome(runs, next), ...(woken !== undefined && { ready: woken.queue }) };
}

/** An unreadable run has ended too. */
function toOutcome(runs: RunRows, run: StoredRun): SettleOutcome {
  if (run.standing === "retrying") return { kind: "retrying", retryAt: run.wakeAt ?? 0 };
  if (run.standing !== null) return { kind: "released" };
  const [ended] = runs.toEnded([run]);
  return ended === undefined ? { kind: "stale" } : { kind: "ended", run: ended };
}

/** This settlement has released the attempt, or ended the run. */
function repeatedOutcome(runs: RunRows, run: StoredRun): SettleOutcome {
  if (run.standing === null || run.standing === "retrying") return toOutcome(runs, run);
  const last = run.pastAttempts.at(-1);
  return last?.state === "failed" ? { kind: "retrying", retryAt: last.finishedAt ?? 0 } : { kind: "released" };
}

/**
 * What `settleAttempt` makes of a result that ends the run, in one narrow write: nearly every run ends so, and to read its whole row takes four
 * times as long. False, and nothing is written: the result ends nothing, the attempt is not in progress, or another run waits for this one.
 */
function openFinish({ db }: StoreContext): (settlement: Settlement, now: Instant) => boolean {
  const update = db.prepare(
    `UPDATE runs SET state = ?, standing = NULL, finished_at = ?, settled_at = ?, output = ?, error = ?, lease_ends_at = NULL
     WHERE run_id = ? AND token = ? AND standing = 'running'
       AND NOT EXISTS (SELECT 1 FROM runs AS other WHERE other.job_key = runs.job_key AND other.standing = 'waiting')`,
  );
  return ({ runId, token, result, finishedAt }, now) => {
    if (result.kind === "retry" || result.kind === "released") return false;
    const output = result.kind === "succeeded" ? toJson(result.output) : null;
    const error = result.kind === "failed" ? toJson(attemptError(result.error, result.stack)) : null;
    return update.run(result.kind, finishedAt, now, output, error, runId, token).changes === 1;
  };
}
