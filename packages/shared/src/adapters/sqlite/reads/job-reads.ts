import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { JobQuery } from "../../../ports/jobs/job-catalog.ts";
import { type Defined, IS_SEEN, type JobRow, openReadDefinitions, type ReadDefinitions, SELECT_BARE_JOBS } from "../jobs/job-rows.ts";
import { type Query, query } from "../rows.ts";

/** Jobs read in one step of a list, so that a step does not block other work for long. */
const STEP_JOBS = 1_000;

/** Where a list continues: after this job, in the order of `createdAt` and `uid`, descending. */
export interface JobPlace {
  readonly createdAt: number;
  readonly uid: string;
}

const FIRST: JobPlace = { createdAt: Number.MAX_SAFE_INTEGER, uid: "" };

/** A job as it was read, with its definition. */
export interface ReadJob {
  readonly row: JobRow;
  readonly defined: Defined;
}

export interface JobStep {
  readonly rows: readonly ReadJob[];
  /** Null: the list is at its end. */
  readonly next: JobPlace | null;
}

/** Reads of jobs for users. A list is read in steps. */
export interface JobReads {
  get(tenantId: string, jobId: string): ReadJob | null;
  list(tenantId: string, query: JobQuery, after: JobPlace | null): JobStep;
}

export function openJobReads(db: DatabaseSync): JobReads {
  const definitions = openReadDefinitions(db);
  const byId = query<JobRow>(db, `${SELECT_BARE_JOBS} WHERE tenant_id = ? AND id = ? AND ${IS_SEEN}`);
  return {
    get(tenantId, jobId) {
      const row = byId.get(tenantId, jobId);
      return row === undefined ? null : { row, defined: definitions.of(row, true) };
    },
    list: openLists(db, definitions),
  };
}

/** Text that is not JSON counts as no tags, so that no list fails. */
const TAGS = "iif(json_valid(jobs.tags), jobs.tags, '[]')";

function openLists(db: DatabaseSync, definitions: ReadDefinitions): JobReads["list"] {
  // SQLite's own lower() changes only letters of ASCII.
  db.function("folded", { deterministic: true }, (name) => String(name).toLowerCase());
  /** By their SQL: a few dozen. */
  const prepared = new Map<string, Query<JobRow>>();
  const stepEnd = query<JobPlace>(
    db,
    `SELECT created_at AS createdAt, uid FROM jobs WHERE tenant_id = ? AND (created_at, uid) < (?, ?)
     ORDER BY created_at DESC, uid DESC LIMIT 1 OFFSET ${STEP_JOBS - 1}`,
  );
  return (tenantId, { state, status, handler, queue, nameContains, tags = [], limit, params = true }, after) => {
    const equal = Object.entries({ state, status, handler, queue }).filter(([, value]) => value !== undefined);
    const conditions = [
      ...equal.map(([field]) => `jobs.${field} = ?`),
      ...(nameContains === undefined || nameContains === "" ? [] : ["instr(folded(name), ?) > 0"]),
      ...tags.map(() => `EXISTS (SELECT 1 FROM json_each(${TAGS}) WHERE value = ?)`),
    ];
    const values: SQLInputValue[] = [
      ...equal.map(([, value]) => value as string),
      ...(nameContains ? [nameContains.toLowerCase()] : []),
      ...tags,
    ];
    const from = after ?? FIRST;
    // Without conditions every row matches, so no steps are needed.
    const end = conditions.length === 0 ? undefined : stepEnd.get(tenantId, from.createdAt, from.uid);
    const to = end ?? { createdAt: Number.MIN_SAFE_INTEGER, uid: "" };
    const sql = `${SELECT_BARE_JOBS} WHERE ${[
      "tenant_id = ? AND (created_at, uid) < (?, ?) AND (created_at, uid) >= (?, ?)",
      IS_SEEN,
      ...conditions,
    ].join(" AND ")} ORDER BY created_at DESC, uid DESC LIMIT ? + 0`;
    const list = prepared.get(sql) ?? query<JobRow>(db, sql);
    prepared.set(sql, list);
    const rows = list.all(tenantId, from.createdAt, from.uid, to.createdAt, to.uid, ...values, limit + 1);
    return { rows: rows.map((row) => ({ row, defined: definitions.of(row, params) })), next: end ?? null };
  };
}
