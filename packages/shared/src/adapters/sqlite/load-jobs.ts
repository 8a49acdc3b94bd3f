import type { DatabaseSync } from "node:sqlite";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { JOB_FORGOTTEN, JOB_UNKNOWN } from "./codes.ts";
import { createJobTable, type JobTable, keepKey, putJob } from "./job-table.ts";
import { buildOfRows, type StoredRow } from "./load-rows.ts";

const COLUMNS = "uid, tenant, slot, next_run_at, head, head_at, definition_key, version, traits_key, state";
const FROM = "FROM jobs LEFT JOIN cursors ON cursors.job_key = jobs.job_key";
const SQL = {
  all: `SELECT jobs.job_key AS key, ${COLUMNS} ${FROM} ORDER BY jobs.job_key`,
  keys: "SELECT job_key AS key FROM jobs ORDER BY job_key",
  one: `SELECT jobs.job_key AS key, ${COLUMNS} ${FROM} WHERE jobs.job_key = ?`,
};

/**
 * What fires compare, of every job. A job of which a row is gone, or is not what was written, is in no list and fires
 * nothing; its key stays taken, or the next job to be created would meet its rows.
 */
export function loadJobs(db: DatabaseSync, onUnreadable: OnUnreadable): JobTable {
  const onBad = (key: number, reason: string): void => onUnreadable({ kind: "job", id: `key ${key}`, reason });
  const jobs = buildOfRows(db, SQL, { build: (rows) => tableOf(rows, onBad), onBad });
  const last = Number(db.prepare("SELECT max(job_key) AS last FROM cursors").get()?.["last"] ?? 0);
  if (last > jobs.lastKey) keepKey(jobs, last);
  const cursor = db.prepare("SELECT 1 FROM cursors WHERE job_key = ?");
  const free = jobs.freeKeys.splice(0);
  for (const key of free) {
    if (cursor.get(key) === undefined) jobs.freeKeys.push(key);
    else onBad(key, "its job is gone");
  }
  return jobs;
}

function tableOf(rows: Iterable<StoredRow>, onBad: (key: number, reason: string) => void): JobTable {
  const jobs = createJobTable();
  for (const row of rows) {
    const key = row["key"] as number;
    for (let free = jobs.lastKey + 1; free < key; free += 1) jobs.freeKeys.push(free);
    if (typeof row["uid"] !== "string" || typeof row["tenant"] !== "string" || typeof row["version"] !== "number") {
      keepKey(jobs, key);
      onBad(key, "a row of it is gone, or is not what was written");
      continue;
    }
    const state = isState(row["state"]) ? row["state"] : JOB_UNKNOWN;
    if (state === JOB_UNKNOWN) onBad(key, `this version knows no state ${String(row["state"])}`);
    putJob(jobs, key, {
      uid: row["uid"],
      tenantId: row["tenant"],
      slot: row["slot"] as number,
      nextRunAt: row["next_run_at"] as number | null,
      head: row["head"] as number,
      headAt: row["head_at"] as number | null,
      definitionKey: row["definition_key"] as number,
      version: row["version"],
      traitsKey: row["traits_key"] as number,
      state,
    });
  }
  return jobs;
}

const isState = (code: unknown): code is number => Number.isInteger(code) && (code as number) >= 0 && (code as number) <= JOB_FORGOTTEN;
