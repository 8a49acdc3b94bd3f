import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { withoutParams, type Job } from "../../domain/job.ts";
import type { JobQuery } from "../../ports/job-catalog.ts";
import type { Page } from "../../ports/page.ts";
import { pageReadable } from "../../runtime/map-readable.ts";
import { JOB_STATE, statusCode } from "./codes.ts";
import type { DefinitionCache } from "./definition-cache.ts";
import { JOB_COLUMNS, JOB_COLUMNS_COUNT, JOB_JOIN, type JobRow, jobOf } from "./job-view.ts";
import type { ReadWays } from "./run-source.ts";
import { compareTexts } from "./uid-index.ts";

/** Jobs gone through in one step of a list with conditions: about 5 ms, after which others have their turn. */
const STEP_JOBS = 1_000;

export interface JobReads {
  get(tenantId: string, jobId: string): Job | null;
  list(tenantId: string, query: JobQuery): Promise<Page<Job>>;
}

interface Place {
  readonly createdAt: number;
  readonly uid: string;
}

const FIRST_PLACE: Place = { createdAt: Number.MAX_SAFE_INTEGER, uid: "" };
const LAST_PLACE: Place = { createdAt: -1, uid: "" };

interface JobReadDesk extends ReadWays {
  readonly db: DatabaseSync;
  readonly definitions: DefinitionCache;
  readonly stepEnd: StatementSync;
  readonly traits: StatementSync;
  /** By their conditions: at most a few dozen. */
  readonly lists: Map<string, StatementSync>;
}

/** Reads for people: they see what is committed. */
export function openJobReads(db: DatabaseSync, definitions: DefinitionCache, ways: ReadWays): JobReads {
  const named = db.prepare(
    `SELECT ${JOB_COLUMNS}, cursors.definition_key FROM jobs ${JOB_JOIN}
     WHERE jobs.tenant = ? AND jobs.id = ? AND cursors.state < ${JOB_STATE.deleted}`,
  );
  named.setReturnArrays(true);
  const stepEnd = db.prepare(
    `SELECT created_at, uid FROM jobs WHERE tenant = ?1 AND (created_at, uid) < (?2, ?3)
     ORDER BY created_at DESC, uid DESC LIMIT 1 OFFSET ${STEP_JOBS - 1}`,
  );
  const traits = db.prepare(
    `SELECT queue, handler FROM traits JOIN cursors ON cursors.traits_key = traits.traits_key JOIN jobs ON jobs.job_key = cursors.job_key
     WHERE jobs.uid = ?`,
  );
  const desk: JobReadDesk = { ...ways, db, definitions, stepEnd, traits, lists: new Map() };
  return {
    get(tenantId, jobId) {
      const row = named.get(tenantId, jobId) as unknown as JobRow | undefined;
      return row === undefined ? null : readJob(desk, row);
    },
    list: (tenantId, query) => listJobs(desk, tenantId, query),
  };
}

const readJob = ({ definitions, traits }: JobReadDesk, row: JobRow, how?: { readonly params: boolean }): Job =>
  jobOf(row, definitions.get(row[JOB_COLUMNS_COUNT] as number, how), () => {
    const known = traits.get(row[1] as string);
    return { name: row[2] as string, handler: String(known?.["handler"] ?? "unknown"), queue: String(known?.["queue"] ?? "default") };
  });

function listStatement({ db, lists }: JobReadDesk, where: string): StatementSync {
  const known = lists.get(where);
  if (known !== undefined) return known;
  // Names and tags stand in the definition, and only who asks for them pays for it.
  const definition = where.includes("definitions.") ? "JOIN definitions ON definitions.definition_key = cursors.definition_key" : "";
  const statement = db.prepare(
    `SELECT ${JOB_COLUMNS}, cursors.definition_key FROM jobs ${JOB_JOIN} ${definition}
     WHERE jobs.tenant = ? AND (jobs.created_at, jobs.uid) < (?, ?) AND (jobs.created_at, jobs.uid) >= (?, ?)
       AND cursors.state < ${JOB_STATE.deleted}${where} ORDER BY jobs.created_at DESC, jobs.uid DESC LIMIT ?`,
  );
  statement.setReturnArrays(true);
  lists.set(where, statement);
  return statement;
}

async function listJobs(desk: JobReadDesk, tenantId: string, query: JobQuery): Promise<Page<Job>> {
  const { where, values } = conditionsOf(query);
  const statement = listStatement(desk, where);
  const found: JobRow[] = [];
  for (let behind = query.cursor === null ? FIRST_PLACE : placeOf(query.cursor); ;) {
    // Without conditions each row counts, so there is nothing to go through in steps.
    const end = where === "" ? undefined : desk.stepEnd.get(tenantId, behind.createdAt, behind.uid);
    const to: Place = end === undefined ? LAST_PLACE : { createdAt: end["created_at"] as number, uid: end["uid"] as string };
    const wanted = query.limit + 1 - found.length;
    const rows = statement.all(tenantId, behind.createdAt, behind.uid, to.createdAt, to.uid, ...values, wanted);
    for (const row of rows as unknown as JobRow[]) found.push(row);
    if (end === undefined || found.length > query.limit) break;
    behind = to;
    await desk.pause();
  }
  const part = found.slice(0, query.limit);
  const last = part.at(-1);
  const nextCursor = found.length > query.limit && last !== undefined ? `${String(last[4])}.${String(last[1])}` : null;
  const { onUnreadable } = desk;
  const map = (row: JobRow): Job => (query.params === false ? withoutParams(readJob(desk, row, { params: false })) : readJob(desk, row));
  return pageReadable(part, { kind: "job", idOf: (row) => String(row[2]), map, onUnreadable }, nextCursor);
}

/** The conditions as SQL, and their values in order. At most a few dozen combinations, so statements are kept. */
function conditionsOf({ state, status, handler, queue, tags = [], nameContains }: JobQuery): {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
} {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (part: string, value: SQLInputValue): void => {
    parts.push(` AND ${part}`);
    values.push(value);
  };
  if (state !== undefined) add("cursors.state = ?", JOB_STATE[state]);
  if (status !== undefined) add("cursors.status = ?", statusCode(status));
  const traits = "(SELECT {} FROM traits WHERE traits.traits_key = cursors.traits_key)";
  // One that is no JSON has neither name nor tags, and fails no list.
  const body = "iif(json_valid(definitions.body), definitions.body, '{}')";
  if (handler !== undefined) add(`${traits.replace("{}", "handler")} = ?`, handler);
  if (queue !== undefined) add(`${traits.replace("{}", "queue")} = ?`, queue);
  if (nameContains !== undefined && nameContains !== "") {
    add(`instr(lower(json_extract(${body}, '$.name')), lower(?)) > 0`, nameContains);
  }
  for (const tag of tags.toSorted(compareTexts)) add(`EXISTS (SELECT 1 FROM json_each(${body}, '$.tags') WHERE value = ?)`, tag);
  return { where: parts.join(""), values };
}

function placeOf(cursor: string): Place {
  const dot = cursor.indexOf(".");
  return { createdAt: Number(cursor.slice(0, dot)), uid: cursor.slice(dot + 1) };
}
