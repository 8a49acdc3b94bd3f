import type { RetentionRequest, RetentionResult } from "../../ports/retention.ts";
import { isCompleted, isTerminal, RUN_STATES } from "../../domain/run-state.ts";
import { JOB_FORGOTTEN, JOB_STATE, RUN_STATE, runStateOf } from "./codes.ts";
import { openCancelWaiting } from "./controls.ts";
import type { Core } from "./core.ts";
import { openForgottenDefinitions } from "./definition-keys.ts";
import { openDefinitionSweep } from "./definition-sweep.ts";
import { packRunKeys, unpackKeys } from "./endings.ts";
import { dropJob } from "./job-table.ts";
import type { Outbox } from "./outbox.ts";

/** Rows of endings looked at in one sweep: what cannot go yet must not make each sweep go through all of them. */
const ENDINGS_MAX = 2_000;
/** Runs looked at in one sweep, as a multiple of those it may forget: a sweep must never hold up a fire for long. */
const RUNS_LOOKED_AT = 4;

/** Up to where endings have been looked at: the next sweep goes on there, so that what cannot go yet hides nothing behind it. */
interface EndingsPosition {
  readonly settledAt: number;
  readonly seq: number;
}
const FIRST_ENDINGS: EndingsPosition = { settledAt: Number.MIN_SAFE_INTEGER, seq: 0 };

/** Forgets ended runs in the order of their settlement, then bindings, then tombstones, then definitions. */
export function openRetention(core: Core, outbox: Outbox): (request: RetentionRequest) => RetentionResult {
  const sweepRuns = openRunSweep(core);
  const sweepTombstones = openTombstoneSweep(core, outbox);
  const sweepDefinitions = openDefinitionSweep(core);
  const bindings = core.db.prepare(
    "DELETE FROM requests WHERE (tenant, scope, key) IN (SELECT tenant, scope, key FROM requests WHERE bound_at < ? ORDER BY bound_at LIMIT ?)",
  );
  return (request) => {
    const { endedBefore, boundBefore, deletedBefore, limit } = request;
    core.meta.raise("runs_forgotten", endedBefore);
    core.meta.raise("jobs_forgotten", deletedBefore);
    const runs = sweepRuns(request);
    const requests = Number(bindings.run(boundBefore, limit).changes);
    const { tombstones, cancelled } = sweepTombstones(request);
    const { definitions, more } = sweepDefinitions(request);
    return { runs, requests, tombstones, definitions, more: more || Math.max(runs, requests, tombstones, cancelled) >= limit };
  };
}

/** What this version does not know stays: another may. */
const ENDED: ReadonlySet<number> = new Set(RUN_STATES.filter(isTerminal).map((state) => RUN_STATE[state]));

function openRunSweep(core: Core): (request: RetentionRequest) => number {
  const { db, ids, meta, endings } = core;
  const unlink = openUnlink(core);
  const batches = db.prepare(
    "SELECT seq, settled_at, run_keys FROM endings WHERE settled_at < ? AND (settled_at, seq) > (?, ?) ORDER BY settled_at, seq LIMIT ?",
  );
  const removeBatch = db.prepare("DELETE FROM endings WHERE seq = ?");
  const shrinkBatch = db.prepare("UPDATE endings SET run_keys = ? WHERE seq = ?");
  const select = db.prepare("SELECT run_id, job_key, prev, state, scheduled_for, finished_at FROM runs WHERE run_key = ?");
  const removeRun = db.prepare("DELETE FROM runs WHERE run_key = ?");
  const removeId = db.prepare("DELETE FROM run_ids WHERE run_id = ?");

  /** True when the run is gone. */
  function forget(runKey: number, { endedBefore, folded }: { readonly endedBefore: number; readonly folded: boolean }): boolean {
    const row = select.get(runKey);
    if (row === undefined) return true;
    const runId = row["run_id"] as string;
    if (endings.unannounced.has(runId) || (row["finished_at"] as number) >= endedBefore) return false;
    if ((row["scheduled_for"] as number) >= endedBefore) return false;
    const state = row["state"] as number;
    if (!ENDED.has(state) || (!folded && isCompleted(runStateOf(state)))) return false;
    unlink(runKey, row["job_key"] as number, row["prev"] as number);
    removeRun.run(runKey);
    removeId.run(runId);
    return true;
  }
  let after = FIRST_ENDINGS;
  return ({ endedBefore, limit }) => {
    const watermark = meta.get("watermark");
    ids.flush(true);
    let gone = 0;
    let looked = 0;
    const found = batches.all(endedBefore, after.settledAt, after.seq, ENDINGS_MAX);
    for (const batch of found) {
      if (gone >= limit || looked >= RUNS_LOOKED_AT * limit) return gone;
      const position: EndingsPosition = { settledAt: batch["settled_at"] as number, seq: batch["seq"] as number };
      const folded = position.settledAt < watermark;
      const keys = [...unpackKeys(batch["run_keys"] as Uint8Array)];
      looked += keys.length;
      const rest = keys.filter((key) => gone >= limit || !forget(key, { endedBefore, folded }) || (gone += 1) < 0);
      if (rest.length === 0) removeBatch.run(position.seq);
      else if (rest.length < keys.length) shrinkBatch.run(packRunKeys(rest), position.seq);
      if (gone < limit) after = position; // All of them were looked at.
    }
    if (found.length < ENDINGS_MAX) after = FIRST_ENDINGS;
    return gone;
  };
}

/** Takes a run out of its job's chain. Mostly nothing older is left, and then there is nothing to mend. */
function openUnlink({ db, jobs }: Core): (runKey: number, jobKey: number, prev: number) => void {
  const prevOf = db.prepare("SELECT prev FROM runs WHERE run_key = ?");
  const relink = db.prepare("UPDATE runs SET prev = ? WHERE run_key = ?");
  const moveHead = db.prepare("UPDATE cursors SET head = ? WHERE job_key = ?");
  return (runKey, jobKey, prev) => {
    if (prevOf.get(prev) === undefined) return;
    let newer = jobs.head[jobKey] as number;
    if (newer === runKey) {
      jobs.head[jobKey] = prev;
      moveHead.run(prev, jobKey);
      return;
    }
    for (let next = prevOf.get(newer); next !== undefined; next = prevOf.get(newer)) {
      if (next["prev"] === runKey) {
        relink.run(prev, newer);
        return;
      }
      newer = next["prev"] as number;
    }
  };
}

function openTombstoneSweep(core: Core, outbox: Outbox): (request: RetentionRequest) => { tombstones: number; cancelled: number } {
  const { db, jobs } = core;
  const cancelWaiting = openCancelWaiting(core);
  const updatedAt = db.prepare("SELECT updated_at FROM cursors WHERE job_key = ?");
  const forgetJob = db.prepare(`UPDATE cursors SET state = ${JOB_FORGOTTEN} WHERE job_key = ?`);
  const hasRun = db.prepare("SELECT 1 FROM runs WHERE run_key = ?");
  const definitions = openForgottenDefinitions(core);
  const removals = ["jobs", "cursors"].map((table) => db.prepare(`DELETE FROM ${table} WHERE job_key = ?`));

  /** Jobs that have a run in hand; what waited has just been cancelled. */
  const busyJobs = (): Set<number> => new Set([...core.open.byId.values()].map(({ jobKey }) => jobKey));
  /** Its row goes with its last run, for the runs show its id. */
  function removeIfUnused(jobKey: number): void {
    if (hasRun.get(jobs.head[jobKey] as number) !== undefined) return;
    for (const remove of removals) remove.run(jobKey);
    definitions.ofJob(jobKey);
    dropJob(jobs, jobKey);
  }
  return ({ now, deletedBefore, limit }) => {
    let [tombstones, cancelled] = [0, 0];
    let busy: ReadonlySet<number> | null = null;
    for (let jobKey = 1; jobKey <= jobs.lastKey && tombstones < limit; jobKey += 1) {
      const state = jobs.state[jobKey] as number;
      if (state === JOB_FORGOTTEN) removeIfUnused(jobKey);
      if (state !== JOB_STATE.deleted) continue;
      const row = updatedAt.get(jobKey);
      if (row === undefined || (row["updated_at"] as number) >= deletedBefore) continue;
      cancelled += cancelWaiting(jobKey, { now, limit: limit - cancelled }).length;
      busy ??= busyJobs();
      if (outbox.holds(jobs.uids.uidOf(jobKey)) || busy.has(jobKey)) continue;
      forgetJob.run(jobKey);
      jobs.state[jobKey] = JOB_FORGOTTEN;
      tombstones += 1;
    }
    return { tombstones, cancelled };
  };
}
