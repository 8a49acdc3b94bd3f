import type { SQLInputValue } from "node:sqlite";
import { runIdFloor } from "../../../domain/run/run-id.ts";
import type { JsonObject } from "../../../domain/json/json.ts";
import { isTerminal } from "../../../domain/run/run-state.ts";
import type { RunQueries, RunQuery } from "../../../ports/runs/run-queries.ts";
import type { Answering, StoreContext } from "../context.ts";
import { type Query, query } from "../rows.ts";
import { type RunRow, SELECT_RUNS, SELECT_RUNS_WITH_OUTPUT } from "../runs/run-rows.ts";

/** Runs read in one step of a list, so that a step does not block other work for long. */
const STEP_RUNS = 1_000;
/** Ids are in base 32: this sorts after all of them. */
const LAST_ID = "~";

export interface RunStep {
  readonly rows: readonly RunRow[];
  /** The list continues with the ids below this one; null: it is at its end. */
  readonly next: string | null;
}

/** The port `RunQueries`, in rows. A list is read in steps. */
export interface RunQueryRows extends Pick<Answering<RunQueries>, "origin"> {
  get(tenantId: string, runId: string): RunRow | null;
  list(tenantId: string, query: RunQuery, below: string | null): RunStep;
  params(tenantId: string, runIds: readonly string[]): (readonly [string, JsonObject])[];
}

export function openRunQueries({ db, definitions }: Pick<StoreContext, "db" | "definitions">): RunQueryRows {
  const byId = query<RunRow>(db, `${SELECT_RUNS_WITH_OUTPUT} WHERE run_id = ? AND tenant_id = ?`);
  const origin = query<{ jobUid: string; definitionKey: number }>(
    db,
    "SELECT uid AS jobUid, runs.definition_key AS definitionKey FROM runs JOIN jobs USING (job_key) WHERE run_id = ? AND tenant_id = ?",
  );
  return {
    get: (tenantId, runId) => byId.get(runId, tenantId) ?? null,
    list: openList(db),
    params: (tenantId, runIds) =>
      runIds.flatMap((runId) => {
        const row = origin.get(runId, tenantId);
        const stored = row === undefined ? undefined : definitions.read(row.definitionKey);
        return stored?.kind === "read" ? [[runId, stored.definition.params] as const] : [];
      }),
    origin(tenantId, runId) {
      const row = origin.get(runId, tenantId);
      if (row === undefined || !definitions.isReadable(row.definitionKey)) return null;
      const definitionHash = definitions.hash(row.definitionKey);
      return definitionHash === null ? null : { jobUid: row.jobUid, definitionHash };
    },
  };
}

/** A condition of a list, and its values. */
type Condition = readonly [sql: string, ...values: SQLInputValue[]];

function openList(db: StoreContext["db"]): RunQueryRows["list"] {
  const keys = openKeys(db);
  /** By their SQL: a few dozen. */
  const prepared = new Map<string, Query<RunRow>>();
  function select(sql: string): Query<RunRow> {
    const known = prepared.get(sql) ?? query<RunRow>(db, sql);
    prepared.set(sql, known);
    return known;
  }
  /** One step through the rows that an index finds. */
  function step(
    tenantId: string,
    query: RunQuery,
    { below, ofJob }: { readonly below: string; readonly ofJob: Condition | null },
  ): RunStep {
    const { state, cause, limit, from, outputs = true } = query;
    const {
      found: [where, ...values],
      left,
    } = indexed({ state, cause }, ofJob);
    const floor = from === undefined ? "" : runIdFloor(from);
    const range = "run_id < ? AND run_id >= ?";
    const filters: Condition[] = [
      ...(ofJob === null ? [["tenant_id = ?", tenantId] as const] : []),
      ...(left.state === undefined ? [] : [["runs.state = ?", left.state] as const]),
      ...(left.cause === undefined ? [] : [["cause = ?", left.cause] as const]),
    ];
    // Without filters every run matches, so no steps are needed.
    const last = `SELECT run_id AS runId FROM runs WHERE ${where} AND ${range} ORDER BY run_id DESC LIMIT 1 OFFSET ${STEP_RUNS - 1}`;
    const end = filters.length === 0 ? undefined : select(last).get(...values, below, floor)?.runId;
    const conditions = [where, ...filters.map(([text]) => text), range].join(" AND ");
    const sql = `${outputs ? SELECT_RUNS_WITH_OUTPUT : SELECT_RUNS} WHERE ${conditions} ORDER BY run_id DESC LIMIT ? + 0`;
    const rows = select(sql).all(...values, ...filters.flatMap(([, ...of]) => of), below, end ?? floor, limit + 1);
    return { rows, next: end ?? null };
  }
  return (tenantId, query, below) => {
    const { jobId, jobUid, to, cursor } = query;
    const top = to === undefined ? LAST_ID : runIdFloor(to);
    const start = below ?? (cursor !== null && cursor < top ? cursor : top);
    if (jobUid !== undefined) return step(tenantId, query, { below: start, ofJob: ofOneJob(tenantId, jobUid, jobId) });
    if (jobId === undefined) return step(tenantId, query, { below: start, ofJob: null });
    return merged(keys(tenantId, jobId).map((key) => step(tenantId, query, { below: start, ofJob: ["runs.job_key = ?", key] })));
  };
}

type RunFilter = { readonly [Field in "state" | "cause"]?: RunQuery[Field] | undefined };

/** The rows that an index finds, by run id: the runs of one job, of one state in which few runs end, of both, or of one cause; otherwise all. `left`: the conditions that it does not cover. */
function indexed({ state, cause }: RunFilter, ofJob: Condition | null): { readonly found: Condition; readonly left: RunFilter } {
  const [condition, ...values] = ofJob ?? ["true"];
  if (state !== undefined && state !== "succeeded" && isTerminal(state)) {
    const ended = "runs.state = ? AND settled_at IS NOT NULL AND runs.state <> 'succeeded'";
    return { found: [`${condition} AND ${ended}`, ...values, state], left: { cause } };
  }
  if (ofJob !== null || cause === undefined || cause === "schedule") return { found: [condition, ...values], left: { state, cause } };
  return { found: ["cause = ? AND cause <> 'schedule'", cause], left: { state } };
}

const ofOneJob = (tenantId: string, uid: string, id: string | undefined): Condition => [
  `runs.job_key = (SELECT job_key FROM jobs WHERE uid = ? AND tenant_id = ?${id === undefined ? "" : " AND id = ?"})`,
  uid,
  tenantId,
  ...(id === undefined ? [] : [id]),
];

/** The keys of the jobs that have or had an id, including deleted ones. */
function openKeys(db: StoreContext["db"]): (tenantId: string, jobId: string) => number[] {
  const select = query<{ jobKey: number }>(db, "SELECT job_key AS jobKey FROM jobs WHERE tenant_id = ? AND id = ?");
  return (tenantId, jobId) => select.all(tenantId, jobId).map(({ jobKey }) => jobKey);
}

/** The runs of several jobs, in the range of ids in which all of the jobs have been read. */
function merged(steps: readonly RunStep[]): RunStep {
  const ends = steps.flatMap(({ next }) => next ?? []).sort();
  const next = ends.at(-1) ?? null;
  const rows = steps.flatMap((step) => step.rows).filter(({ runId }) => next === null || runId >= next);
  return { rows: steps.length === 1 ? rows : rows.toSorted((left, right) => (left.runId < right.runId ? 1 : -1)), next };
}
