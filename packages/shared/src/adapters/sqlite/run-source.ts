import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { OnUnreadable } from "../../ports/unreadable.ts";

/** Runs gone through in one step of a list with conditions: a few milliseconds, after which others have their turn. */
export const STEP_RUNS = 1_000;

/** Lets others have their turn between the steps of a long list. */
export type Pause = () => Promise<void>;

/** How people's reads are made. */
export interface ReadWays {
  readonly pause: Pause;
  readonly onUnreadable: OnUnreadable;
}

export type Values = readonly SQLOutputValue[];

/** What a list asks for; null matches everything. Ids below `$ceiling`, from `$floor` on. */
export type RunConditions = Readonly<Record<"$tenant" | "$floor", string>> & Readonly<Record<"$state" | "$cause", number | null>>;

/** An order of runs by id, descending, gone through in steps. */
export interface RunSource {
  /** The id with which a step that begins below `ceiling` ends; undefined: the step reaches the end. */
  stepEnd(conditions: RunConditions, ceiling: string): string | undefined;
  rows(conditions: RunConditions, part: { readonly $ceiling: string; readonly $floor: string; readonly $limit: number }): Values[];
}

interface SourceSql {
  /** The tables from which ids come, and how they lead to `runs`. */
  readonly ids: string;
  readonly runs: string;
  readonly id: string;
  readonly where: string;
}

/** All runs but the newest, which are not in the index of ids yet. */
const INDEXED: SourceSql = { ids: "run_ids", runs: "JOIN runs ON runs.run_key = run_ids.run_key", id: "run_ids.run_id", where: "true" };
/** The newest. */
const UNINDEXED: SourceSql = {
  ids: "runs",
  runs: "",
  id: "runs.run_id",
  where: "runs.run_key > (SELECT value FROM meta WHERE name = 'indexed_to')",
};
/** Runs that ended otherwise than succeeded. */
const UNUSUAL: SourceSql = { ids: "runs", runs: "", id: "runs.run_id", where: "runs.state = $state AND runs.state > 3" };
/** Runs that no schedule produced. */
const ASKED_FOR: SourceSql = { ids: "runs", runs: "", id: "runs.run_id", where: "runs.cause = $cause AND runs.cause > 0" };

export interface RunSources {
  readonly indexed: RunSource;
  readonly unindexed: RunSource;
  readonly unusual: RunSource;
  readonly askedFor: RunSource;
}

export const openRunSources = (db: DatabaseSync, columns: string): RunSources => ({
  indexed: openSource(db, columns, INDEXED),
  unindexed: openSource(db, columns, UNINDEXED),
  unusual: openSource(db, columns, UNUSUAL),
  askedFor: openSource(db, columns, ASKED_FOR),
});

function openSource(db: DatabaseSync, columns: string, { ids, runs, id, where }: SourceSql): RunSource {
  const range = `${id} < $ceiling AND ${id} >= $floor`;
  const order = `ORDER BY ${id} DESC`;
  const stepEnd = prepare(db, `SELECT ${id} FROM ${ids} WHERE ${where} AND ${range} ${order} LIMIT 1 OFFSET ${STEP_RUNS - 1}`);
  const rows = prepare(
    db,
    `SELECT ${columns} FROM ${ids} ${runs} JOIN jobs ON jobs.job_key = runs.job_key
     WHERE ${where} AND ${range} AND jobs.tenant = $tenant AND ($state IS NULL OR runs.state = $state)
       AND ($cause IS NULL OR runs.cause = $cause) ${order} LIMIT $limit`,
  );
  return {
    stepEnd: (conditions, $ceiling) => (stepEnd.get({ ...conditions, $ceiling }) as unknown as [string] | undefined)?.[0],
    rows: (conditions, part) => rows.all({ ...conditions, ...part }) as unknown as Values[],
  };
}

/** Rows as arrays; each statement takes of the conditions what it names. */
function prepare(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  statement.setAllowUnknownNamedParameters(true);
  return statement;
}
