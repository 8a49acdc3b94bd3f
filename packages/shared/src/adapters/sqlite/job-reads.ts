import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Job } from "../../domain/job.ts";
import type { JobQuery } from "../../ports/job-catalog.ts";
import type { Page } from "../../ports/page.ts";
import { JOB_STATE, statusCode } from "./codes.ts";
import { JOB_SELECT, type JobRow, jobOf } from "./job-view.ts";
import { compareTexts } from "./uid-index.ts";

/** Jobs gone through in one step of a list with conditions: about 5 ms, after which others have their turn. */
const STEP_JOBS = 2_000;

export interface JobReads {
  get(tenantId: string, jobId: string): Job | null;
  list(tenantId: string, query: JobQuery): Promise<Page<Job>>;
}

interface Place {
  readonly createdAt: number;
  readonly uid: string;
}

const FIRST_PLACE: Place = { createdAt: Number.MAX_SAFE_INTEGER, uid: "" };

/** Reads for people: they see what is committed. `pause` lets others have their turn between the steps of a long list. */
export function openJobReads(db: DatabaseSync, pause: () => Promise<void>): JobReads {
  const named = db.prepare(`${JOB_SELECT} WHERE jobs.tenant = ? AND jobs.id = ? AND cursors.state < ${JOB_STATE.deleted}`);
  named.setReturnArrays(true);
  const stepEnd = db.prepare(
    `SELECT created_at, uid FROM jobs WHERE tenant = ?1 AND (created_at, uid) < (?2, ?3)
     ORDER BY created_at DESC, uid DESC LIMIT 1 OFFSET ${STEP_JOBS - 1}`,
  );
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  function prepared(where: string): ReturnType<DatabaseSync["prepare"]> {
    let statement = statements.get(where);
    if (statement === undefined) {
      statement = db.prepare(
        `${JOB_SELECT} WHERE jobs.tenant = ? AND (jobs.created_at, jobs.uid) < (?, ?) AND (jobs.created_at, jobs.uid) >= (?, ?)
         AND cursors.state < ${JOB_STATE.deleted}${where} ORDER BY jobs.created_at DESC, jobs.uid DESC LIMIT ?`,
      );
      statement.setReturnArrays(true);
      statements.set(where, statement);
    }
    return statement;
  }
  return {
    get(tenantId, jobId) {
      const row = named.get(tenantId, jobId) as unknown as JobRow | undefined;
      return row === undefined ? null : jobOf(row);
    },
    async list(tenantId, query) {
      const { where, values } = conditionsOf(query);
      const statement = prepared(where);
      const jobs: Job[] = [];
      let behind: Place = query.cursor === null ? FIRST_PLACE : placeOf(query.cursor);
      while (jobs.length <= query.limit) {
        const end = where === "" ? undefined : stepEnd.get(tenantId, behind.createdAt, behind.uid);
        const to: Place =
          end === undefined ? { createdAt: -1, uid: "" } : { createdAt: end["created_at"] as number, uid: end["uid"] as string };
        const left = query.limit + 1 - jobs.length;
        const rows = statement.all(tenantId, behind.createdAt, behind.uid, to.createdAt, to.uid, ...values, left);
        for (const row of rows as unknown as JobRow[]) jobs.push(jobOf(row));
        if (end === undefined) break;
        behind = to;
        await pause();
      }
      const items = jobs.slice(0, query.limit);
      const last = items.at(-1);
      return { items, nextCursor: jobs.length > query.limit && last !== undefined ? `${last.createdAt}.${last.uid}` : null };
    },
  };
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
  if (handler !== undefined) add(`${traits.replace("{}", "handler")} = ?`, handler);
  if (queue !== undefined) add(`${traits.replace("{}", "queue")} = ?`, queue);
  if (nameContains !== undefined && nameContains !== "") {
    add("instr(lower(json_extract(definitions.body, '$.name')), lower(?)) > 0", nameContains);
  }
  for (const tag of tags.toSorted(compareTexts)) add("EXISTS (SELECT 1 FROM json_each(definitions.body, '$.tags') WHERE value = ?)", tag);
  return { where: parts.join(""), values };
}

function placeOf(cursor: string): Place {
  const dot = cursor.indexOf(".");
  return { createdAt: Number(cursor.slice(0, dot)), uid: cursor.slice(dot + 1) };
}
