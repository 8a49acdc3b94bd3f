import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Run } from "../../domain/run.ts";
import { runIdFloor } from "../../domain/run-id.ts";
import type { Page } from "../../ports/page.ts";
import type { RunQuery } from "../../ports/run-queries.ts";
import { RUN_CAUSE, RUN_STATE } from "./codes.ts";
import { RUN_SELECT, RUN_SELECT_COLUMNS, RUN_SELECT_JOINS, type RunRow, runOf } from "./run-view.ts";
import { compareTexts } from "./uid-index.ts";

/** Runs gone through in one step of a list with conditions: a few milliseconds, after which others have their turn. */
const STEP_RUNS = 2_000;
/** Ids are of base 32: this sorts behind all of them. */
const LAST_ID = "~";

export interface RunReads {
  get(tenantId: string, runId: string): Run | null;
  list(tenantId: string, query: RunQuery): Promise<Page<Run>>;
  origin(tenantId: string, runId: string): { readonly jobUid: string; readonly definitionHash: string } | null;
}

interface RunStatements {
  readonly db: DatabaseSync;
  readonly find: StatementSync;
  readonly findNew: StatementSync;
  readonly byKey: StatementSync;
  readonly link: StatementSync;
  readonly origin: StatementSync;
  readonly indexed: StatementSync;
  readonly stepEnd: StatementSync;
  readonly unindexed: StatementSync;
  readonly headsById: StatementSync;
  readonly headByUid: StatementSync;
  readonly headByBoth: StatementSync;
  readonly pause: () => Promise<void>;
}

const UNINDEXED = "runs.run_key > (SELECT value FROM meta WHERE name = 'indexed_to')";
/** Null matches everything: one statement for all combinations. */
const CONDITIONS = "(?1 IS NULL OR jobs.tenant = ?1) AND (?2 IS NULL OR runs.state = ?2) AND (?3 IS NULL OR runs.cause = ?3)";

/** Reads for people: they see what is committed. `pause` lets others have their turn between the steps of a long list. */
export function openRunReads(db: DatabaseSync, pause: () => Promise<void>): RunReads {
  const statements: RunStatements = {
    db,
    pause,
    find: db.prepare("SELECT run_key FROM run_ids WHERE run_id = ?"),
    findNew: db.prepare(`SELECT run_key FROM runs WHERE ${UNINDEXED} AND run_id = ?`),
    byKey: db.prepare(`${RUN_SELECT} WHERE runs.run_key = ?`),
    link: db.prepare("SELECT run_id, state, cause, prev FROM runs WHERE run_key = ?"),
    origin: db.prepare(
      `SELECT jobs.tenant, jobs.uid, definitions.hash FROM runs JOIN jobs ON jobs.job_key = runs.job_key
       JOIN definitions ON definitions.definition_key = runs.definition_key WHERE runs.run_key = ?`,
    ),
    indexed: db.prepare(
      `SELECT ${RUN_SELECT_COLUMNS} FROM run_ids JOIN runs ON runs.run_key = run_ids.run_key ${RUN_SELECT_JOINS}
       WHERE ${CONDITIONS} AND run_ids.run_id < ?4 AND run_ids.run_id >= ?5 ORDER BY run_ids.run_id DESC LIMIT ?6`,
    ),
    stepEnd: db.prepare(
      `SELECT run_id FROM run_ids WHERE run_id < ?1 AND run_id >= ?2 ORDER BY run_id DESC LIMIT 1 OFFSET ${STEP_RUNS - 1}`,
    ),
    unindexed: db.prepare(
      `${RUN_SELECT} WHERE ${CONDITIONS} AND ${UNINDEXED} AND runs.run_id < ?4 AND runs.run_id >= ?5 ORDER BY runs.run_id DESC LIMIT ?6`,
    ),
    headsById: db.prepare("SELECT head FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key WHERE tenant = ? AND id = ?"),
    headByUid: db.prepare("SELECT head FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key WHERE tenant = ? AND uid = ?"),
    // The ids of jobs are indexed, their uids are not: with both, one job among a hundred thousand is found at once.
    headByBoth: db.prepare("SELECT head FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key WHERE tenant = ? AND id = ? AND uid = ?"),
  };
  return {
    get(tenantId, runId) {
      const row = statements.byKey.get(keyOf(statements, runId));
      return row === undefined || row["tenant"] !== tenantId ? null : runOf(row);
    },
    list: (tenantId, query) => {
      const byJob = query.jobId !== undefined || query.jobUid !== undefined;
      return byJob ? listByJob(statements, tenantId, query) : listAll(statements, tenantId, query);
    },
    origin(tenantId, runId) {
      const row = statements.origin.get(keyOf(statements, runId));
      if (row === undefined || row["tenant"] !== tenantId) return null;
      return { jobUid: row["uid"] as string, definitionHash: row["hash"] as string };
    },
  };
}

/**
 * The newest runs are not in the index of ids yet: they are few, and gone through. Between the two looks the store's
 * thread may enter them into it, so whoever is found in neither is looked for in the index once more.
 */
function keyOf({ find, findNew }: RunStatements, runId: string): number {
  return Number((find.get(runId) ?? findNew.get(runId) ?? find.get(runId))?.["run_key"] ?? 0);
}

/** Ids from `from` on, and before `to`. */
function bounds({ from, to, cursor }: RunQuery): { readonly floor: string; readonly ceiling: string } {
  const end = to === undefined ? LAST_ID : runIdFloor(to);
  return { floor: from === undefined ? "" : runIdFloor(from), ceiling: cursor !== null && cursor < end ? cursor : end };
}

function pageOf(rows: readonly RunRow[], limit: number): Page<Run> {
  const items = rows.slice(0, limit).map(runOf);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.runId ?? null) : null };
}

async function listAll(statements: RunStatements, tenantId: string, query: RunQuery): Promise<Page<Run>> {
  const { limit, state, cause } = query;
  const { floor, ceiling } = bounds(query);
  const conditions = [tenantId, state === undefined ? null : RUN_STATE[state], cause === undefined ? null : RUN_CAUSE[cause]];
  const found = new Map<string, RunRow>();
  const keep = (row: RunRow): void => void found.set(row["run_id"] as string, row);
  statements.unindexed.all(...conditions, ceiling, floor, limit + 1).forEach(keep);
  let indexed = 0;
  for (let behind = ceiling; indexed <= limit;) {
    const end = statements.stepEnd.get(behind, floor)?.["run_id"] as string | undefined;
    const rows = statements.indexed.all(...conditions, behind, end ?? floor, limit + 1 - indexed);
    rows.forEach(keep);
    indexed += rows.length;
    if (end === undefined) break;
    behind = end;
    await statements.pause();
  }
  const rows = [...found.values()].sort((left, right) => compareTexts(String(right["run_id"]), String(left["run_id"])));
  return pageOf(rows, limit);
}

/** One job's runs, newest first: a walk along its chain. */
interface Chain {
  next: number;
}

async function listByJob(statements: RunStatements, tenantId: string, query: RunQuery): Promise<Page<Run>> {
  const { limit, jobId, state, cause } = query;
  const { floor, ceiling } = bounds(query);
  const heads = headsOf(statements, tenantId, query);
  const chains = heads.map((row): Chain => ({ next: row["head"] as number }));
  const rows: RunRow[] = [];
  for (let steps = 1; rows.length <= limit; steps += 1) {
    const link = takeNewest(statements, chains);
    if (link === null || link.runId < floor) break;
    const wanted = link.runId < ceiling && matches(link.state, state, RUN_STATE) && matches(link.cause, cause, RUN_CAUSE);
    const row = wanted ? statements.byKey.get(link.runKey) : undefined;
    if (row !== undefined && (jobId === undefined || row["id"] === jobId)) rows.push(row);
    if (steps % STEP_RUNS === 0) await statements.pause();
  }
  return pageOf(rows, limit);
}

function headsOf({ headsById, headByUid, headByBoth }: RunStatements, tenantId: string, { jobId, jobUid }: RunQuery) {
  if (jobUid === undefined) return headsById.all(tenantId, jobId ?? "");
  return jobId === undefined ? headByUid.all(tenantId, jobUid) : headByBoth.all(tenantId, jobId, jobUid);
}

const matches = <Name extends string>(code: number, wanted: Name | undefined, codes: Readonly<Record<Name, number>>): boolean =>
  wanted === undefined || codes[wanted] === code;

interface Link {
  readonly runKey: number;
  readonly runId: string;
  readonly state: number;
  readonly cause: number;
}

/** The newest run of all chains, which moves on behind it. Several jobs may have had one id. */
function takeNewest({ link }: RunStatements, chains: readonly Chain[]): Link | null {
  let newest: { readonly chain: Chain; readonly row: RunRow } | null = null;
  for (const chain of chains) {
    const row = chain.next === 0 ? undefined : link.get(chain.next);
    if (row === undefined) continue;
    if (newest === null || String(row["run_id"]) > String(newest.row["run_id"])) newest = { chain, row };
  }
  if (newest === null) return null;
  const { chain, row } = newest;
  const runKey = chain.next;
  chain.next = row["prev"] as number;
  return { runKey, runId: row["run_id"] as string, state: row["state"] as number, cause: row["cause"] as number };
}
