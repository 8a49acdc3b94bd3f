import { isCompleted, isTerminal, type RunState } from "../../domain/run/run-state.ts";
import type { Retention, RetentionRequest } from "../../ports/store/retention.ts";
import type { Answering, StoreContext } from "./context.ts";
import { openDefinitionSweep } from "./jobs/definition-sweep.ts";
import { query } from "./rows.ts";
import { openCancelOpen } from "./runs/run-control.ts";

/** Runs and tombstones read in one sweep, as a multiple of those it may delete: a sweep must not delay a fire for long. */
const LOOKED_AT = 4;

/** Deletes definitions, then ended runs in the order of their settlement, then bindings, then tombstones. */
export function openRetention(context: StoreContext): Answering<Retention> {
  const { db, meta } = context;
  const sweepRuns = openRunSweep(context);
  const sweepTombstones = openTombstoneSweep(context);
  const sweepDefinitions = openDefinitionSweep(context);
  const bindings = db.prepare(
    "DELETE FROM requests WHERE (tenant, scope, key) IN (SELECT tenant, scope, key FROM requests WHERE bound_at < ? ORDER BY bound_at LIMIT ? + 0)",
  );
  return {
    sweep(request) {
      const { endedBefore, boundBefore, deletedBefore, limit } = request;
      meta.raise("runs_forgotten", endedBefore);
      meta.raise("jobs_forgotten", deletedBefore);
      // Before the runs: it keeps its progress even if this sweep is rolled back and the runs still exist.
      const { definitions, more } = sweepDefinitions(request);
      const { runs, more: moreRuns } = sweepRuns(request);
      const requests = Number(bindings.run(boundBefore, limit).changes);
      const { tombstones, cancelled } = sweepTombstones(request);
      return { runs, requests, tombstones, definitions, more: more || moreRuns || Math.max(requests, tombstones, cancelled) >= limit };
    },
    forgotten: () => ({ runs: meta.get("runs_forgotten"), jobs: meta.get("jobs_forgotten") }),
  };
}

interface SettledRow {
  readonly runKey: number;
  readonly jobKey: number;
  readonly state: RunState;
  readonly scheduledFor: number;
  readonly finishedAt: number;
  readonly settledAt: number;
  readonly announced: number;
}

/** Settled runs have been read up to here. The next sweep continues here, so that runs that cannot be deleted yet do not hide later ones. */
const FIRST = { settledAt: Number.MIN_SAFE_INTEGER, runKey: 0 };

function openRunSweep(context: StoreContext): (request: RetentionRequest) => { readonly runs: number; readonly more: boolean } {
  const { db, meta } = context;
  const settled = query<SettledRow>(
    db,
    `SELECT run_key AS runKey, job_key AS jobKey, state, scheduled_for AS scheduledFor, finished_at AS finishedAt, settled_at AS settledAt,
       NOT EXISTS (SELECT 1 FROM unannounced WHERE unannounced.settled_at = runs.settled_at AND unannounced.run_id = runs.run_id) AS announced
     FROM runs WHERE settled_at IS NOT NULL AND settled_at < ? AND (settled_at, run_key) > (?, ?) ORDER BY settled_at, run_key LIMIT ? + 0`,
  );
  const remove = db.prepare("DELETE FROM runs WHERE run_key = ?");
  const removeJob = openRemoveForgottenJob(context);
  let after = FIRST;
  return ({ endedBefore, limit }) => {
    const watermark = meta.get("watermark");
    // Skipped and missed runs change no job's status. Runs in a state that this version does not know stay: another version may know it.
    const mayGo = ({ state, scheduledFor, finishedAt, settledAt, announced }: SettledRow): boolean =>
      announced === 1 &&
      finishedAt < endedBefore &&
      scheduledFor < endedBefore &&
      isTerminal(state) &&
      (!isCompleted(state) || settledAt < watermark);
    const rows = settled.all(endedBefore, after.settledAt, after.runKey, LOOKED_AT * limit);
    const gone = rows.filter(mayGo).slice(0, limit);
    for (const { runKey } of gone) remove.run(runKey);
    for (const jobKey of new Set(gone.map((row) => row.jobKey))) removeJob(jobKey);
    const full = gone.length === limit;
    const last = full ? gone.at(-1) : rows.length === LOOKED_AT * limit ? rows.at(-1) : undefined;
    after = last ?? FIRST;
    return { runs: gone.length, more: full };
  };
}

/** The row of a deleted job is removed with its last run, because the runs show its id. */
function openRemoveForgottenJob({ db }: StoreContext): (jobKey: number) => void {
  const unused = query(
    db,
    "SELECT 1 FROM jobs WHERE job_key = ?1 AND state = 'forgotten' AND NOT EXISTS (SELECT 1 FROM runs WHERE job_key = ?1)",
  );
  const removals = ["jobs", "definitions"].map((table) => db.prepare(`DELETE FROM ${table} WHERE job_key = ?`));
  return (jobKey) => {
    if (unused.get(jobKey) !== undefined) for (const remove of removals) remove.run(jobKey);
  };
}

interface Tombstone {
  readonly jobKey: number;
  readonly uid: string;
  readonly updatedAt: number;
}

/** Tombstones have been read up to here, so that those that cannot be deleted yet do not hide later ones. */
const FIRST_TOMBSTONE = { updatedAt: Number.MIN_SAFE_INTEGER, jobKey: 0 };

function openTombstoneSweep(
  context: StoreContext,
): (request: RetentionRequest) => { readonly tombstones: number; readonly cancelled: number } {
  const { db } = context;
  const old = query<Tombstone>(
    db,
    `SELECT job_key AS jobKey, uid, updated_at AS updatedAt FROM jobs
     WHERE state = 'deleted' AND updated_at < ? AND (updated_at, job_key) > (?, ?) ORDER BY updated_at, job_key LIMIT ? + 0`,
  );
  const isBusy = query(
    db,
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM runs WHERE job_key = ? AND standing IS NOT NULL) OR EXISTS (SELECT 1 FROM outbox WHERE job_uid = ?)`,
  );
  const forget = db.prepare("UPDATE jobs SET state = 'forgotten' WHERE job_key = ?");
  const cancelOpen = openCancelOpen(context);
  const removeJob = openRemoveForgottenJob(context);
  let after = FIRST_TOMBSTONE;
  return ({ now, deletedBefore, limit }) => {
    let [tombstones, cancelled] = [0, 0];
    const found = old.all(deletedBefore, after.updatedAt, after.jobKey, LOOKED_AT * limit);
    const isAll = found.length < LOOKED_AT * limit;
    for (const tombstone of found) {
      const { jobKey, uid } = tombstone;
      after = tombstone;
      cancelled += cancelOpen(jobKey, { now, limit: limit - cancelled }).length;
      if (isBusy.get(jobKey, uid) !== undefined) continue;
      forget.run(jobKey);
      removeJob(jobKey);
      tombstones += 1;
      if (tombstones === limit) return { tombstones, cancelled };
    }
    if (isAll) after = FIRST_TOMBSTONE;
    return { tombstones, cancelled };
  };
}
