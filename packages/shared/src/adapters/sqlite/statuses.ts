import { RUN_STATE, runStateOf } from "./codes.ts";
import { evaluate } from "../../domain/evaluation.ts";
import { isCompleted, stateRank } from "../../domain/run-state.ts";
import type { StatusChange } from "../../domain/status-change.ts";
import type { SettledPart, SettledQuery } from "../../ports/job-status.ts";
import type { Core } from "./core.ts";
import { unpackKeys } from "./endings.ts";
import { belongsTo } from "./job-table.ts";
import { endedRunOf } from "./run-view.ts";
import {
  type PacketReader,
  type PacketWriter,
  putNullable,
  putNumber,
  putText,
  takeNullable,
  takeNumber,
  takeText,
  takeTextOrNull,
} from "./wire.ts";

export function putStatusChanges(writer: PacketWriter, changes: readonly StatusChange[]): void {
  putNumber(writer, changes.length);
  for (const { tenantId, jobUid, lastRun } of changes) {
    putText(writer, tenantId);
    putText(writer, jobUid);
    putText(writer, lastRun.runId);
    putNumber(writer, RUN_STATE[lastRun.state]);
    putNumber(writer, stateRank(lastRun.state));
    putNumber(writer, lastRun.scheduledFor);
    putNullable(writer, lastRun.startedAt);
    putNullable(writer, lastRun.finishedAt);
    putNumber(writer, lastRun.attempt);
    putText(writer, lastRun.error === null ? null : JSON.stringify(lastRun.error));
  }
}

/** Writes a job's status if the change comes after what is stored, in the order of `statusOrder`. */
export function openStatuses({ db, jobs }: Core): (reader: PacketReader) => void {
  const update = db.prepare(
    `UPDATE cursors SET status = ?1, last_state = ?1, last_rank = ?2, last_scheduled = ?3, last_started_at = ?4, last_finished_at = ?5,
       last_attempt = ?6, last_run_id = ?7, last_error = ?8
     WHERE job_key = ?9 AND (last_scheduled IS NULL OR (last_scheduled, last_run_id, last_attempt, last_rank) < (?3, ?7, ?6, ?2))`,
  );
  return (reader) => {
    for (let left = takeNumber(reader); left > 0; left -= 1) {
      const tenantId = takeText(reader);
      const jobKey = jobs.uids.find(takeText(reader));
      const runId = takeText(reader);
      const state = takeNumber(reader);
      const rank = takeNumber(reader);
      const scheduledFor = takeNumber(reader);
      const startedAt = takeNullable(reader);
      const finishedAt = takeNullable(reader);
      const attempt = takeNumber(reader);
      const error = takeTextOrNull(reader);
      if (jobKey === 0 || !belongsTo(jobs, jobKey, tenantId)) continue;
      update.run(state, rank, scheduledFor, startedAt, finishedAt, attempt, runId, error, jobKey);
    }
  };
}

interface Position {
  readonly settledAt: number;
  readonly seq: number;
  /** The run of that row to go on with. 0: its first. */
  readonly runKey: number;
}

/** Runs looked at for one part, as a multiple of those it may hold: most of what ended may have been skipped. */
const RUNS_LOOKED_AT = 4;

/**
 * Runs that completed, in the order of their settlement. A position names the row of endings and a run of it,
 * not a place: retention takes runs out of rows meanwhile. Where that one is gone too, the row is given anew.
 */
export function openSettledSince(core: Core): (query: SettledQuery) => SettledPart {
  const select = core.db.prepare(
    `SELECT settled_at, seq, run_keys FROM endings WHERE settled_at >= ?1 AND settled_at < ?3 AND (settled_at > ?1 OR seq >= ?2)
     ORDER BY settled_at, seq`,
  );
  return ({ since, until, after, limit }) => {
    const from = after === null ? { settledAt: since, seq: 0, runKey: 0 } : positionOf(after);
    const changes: StatusChange[] = [];
    let looked = 0;
    for (const row of select.iterate(from.settledAt, from.seq, until)) {
      const [settledAt, seq] = [row["settled_at"] as number, row["seq"] as number];
      const keys = unpackKeys(row["run_keys"] as Uint8Array);
      for (let place = seq === from.seq ? Math.max(0, keys.indexOf(from.runKey)) : 0; place < keys.length; place += 1) {
        if (changes.length === limit || looked === RUNS_LOOKED_AT * limit) return { changes, next: `${settledAt}.${seq}.${keys[place]}` };
        looked += 1;
        const change = evaluate(() => changeOf(core, keys[place] as number));
        if (change.kind === "not_evaluated") core.onUnreadable({ kind: "run", id: `key ${keys[place]}`, reason: change.reason });
        else if (change.value !== null) changes.push(change.value);
      }
    }
    return { changes, next: null };
  };
}

/** Null: it was skipped or missed, so no status follows from it. */
function changeOf({ readRun }: Core, runKey: number): StatusChange | null {
  const row = readRun(runKey);
  if (row === null || !isCompleted(runStateOf(row.state))) return null;
  const { tenantId, jobUid, runId, state, scheduledFor, startedAt, finishedAt, attempt, error } = endedRunOf(row);
  return { tenantId, jobUid, lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } };
}

function positionOf(after: string): Position {
  const [settledAt = 0, seq = 0, runKey = 0] = after.split(".").map(Number);
  return { settledAt, seq, runKey };
}
