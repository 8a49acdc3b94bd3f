import type { DatabaseSync } from "node:sqlite";
import { runIdFloor } from "../../domain/run-id.ts";
import type { Run } from "../../domain/run.ts";
import type { Page } from "../../ports/page.ts";
import { pageReadable } from "../../runtime/map-readable.ts";
import type { RunQuery } from "../../ports/run-queries.ts";
import type { JsonObject } from "../../domain/json.ts";
import { readDefinitionText } from "../../domain/stored-definition.ts";
import { RUN_CAUSE, RUN_STATE } from "./codes.ts";
import type { DefinitionCache } from "./definition-cache.ts";
import { type JobHistory, openJobHistory } from "./job-history.ts";
import { readRunNames } from "./run-names.ts";
import { openRunSources, type ReadWays, type RunConditions, type RunSource, type RunSources, type Values } from "./run-source.ts";
import { COLUMNS_WITHOUT_OUTPUT, openRunReader, RUN_COLUMNS, type RunNames, runOf, type RunRow, runRowOf } from "./run-view.ts";
import { compareTexts } from "./uid-index.ts";

/** Ids are of base 32: this sorts behind all of them. */
const LAST_ID = "~";

export interface RunReads {
  get(tenantId: string, runId: string): Run | null;
  list(tenantId: string, query: RunQuery): Promise<Page<Run>>;
  /** By run id, as they go from thread to thread. */
  params(tenantId: string, runIds: readonly string[]): (readonly [string, JsonObject])[];
  origin(tenantId: string, runId: string): { readonly jobUid: string; readonly definitionHash: string } | null;
}

interface RunReadDesk extends ReadWays {
  readonly names: RunNames;
  /** With the outputs of runs, and without them. */
  readonly whole: RunLists;
  readonly brief: RunLists;
}

interface RunLists {
  readonly sources: RunSources;
  readonly history: JobHistory;
}

/** Reads for people: they see what is committed. */
export function openRunReads(db: DatabaseSync, definitions: DefinitionCache, ways: ReadWays): RunReads {
  const names = readRunNames(db);
  const read = openRunReader(db, names);
  const find = db.prepare("SELECT run_key FROM run_ids WHERE run_id = ?");
  const findNew = db.prepare("SELECT run_key FROM runs WHERE run_key > (SELECT value FROM meta WHERE name = 'indexed_to') AND run_id = ?");
  const origin = db.prepare(
    `SELECT jobs.tenant, jobs.uid, definitions.hash, definitions.body FROM runs JOIN jobs ON jobs.job_key = runs.job_key
     JOIN definitions ON definitions.definition_key = runs.definition_key WHERE runs.run_key = ?`,
  );
  const definitionOf = db.prepare(
    "SELECT jobs.tenant, runs.definition_key FROM runs JOIN jobs ON jobs.job_key = runs.job_key WHERE runs.run_key = ?",
  );
  // The newest runs are few, and gone through. Between the two looks they may be entered into the index, so it is asked once more.
  const keyOf = (runId: string): number => Number((find.get(runId) ?? findNew.get(runId) ?? find.get(runId))?.["run_key"] ?? 0);
  const lists = (columns: string): RunLists => ({
    sources: openRunSources(db, columns),
    history: openJobHistory(db, { read: openRunReader(db, names, columns), keyOf, pause: ways.pause }),
  });
  const desk: RunReadDesk = { ...ways, names, whole: lists(RUN_COLUMNS), brief: lists(COLUMNS_WITHOUT_OUTPUT) };
  return {
    get(tenantId, runId) {
      const row = read(keyOf(runId));
      return row?.tenantId === tenantId ? runOf(row) : null;
    },
    async list(tenantId, query) {
      const rows = await (query.jobId === undefined && query.jobUid === undefined
        ? rowsOfAll(desk, tenantId, query)
        : listsFor(desk, query).history.rows(tenantId, { ...query, ...boundsOf(query) }));
      const part = rows.slice(0, query.limit);
      const how = { kind: "run", idOf: ({ runId }: RunRow) => runId, map: runOf, onUnreadable: ways.onUnreadable } as const;
      return pageReadable(part, how, rows.length > query.limit ? (part.at(-1)?.runId ?? null) : null);
    },
    params: (tenantId, runIds) =>
      runIds.flatMap((runId) => {
        const row = definitionOf.get(keyOf(runId));
        if (row === undefined || row["tenant"] !== tenantId) return [];
        const { stored } = definitions.get(row["definition_key"] as number);
        return stored.kind === "unreadable" ? [] : [[runId, stored.definition.params] as const];
      }),
    origin(tenantId, runId) {
      const row = origin.get(keyOf(runId));
      if (row === undefined || row["tenant"] !== tenantId || readDefinitionText(row["body"]).kind === "unreadable") return null;
      return { jobUid: String(row["uid"]), definitionHash: String(row["hash"]) };
    },
  };
}

const listsFor = ({ whole, brief }: RunReadDesk, { outputs = true }: RunQuery): RunLists => (outputs ? whole : brief);

/** Ids from the floor on, and below the ceiling. */
function boundsOf({ from, to, cursor }: RunQuery): { readonly floor: string; readonly ceiling: string } {
  const end = to === undefined ? LAST_ID : runIdFloor(to);
  return { floor: from === undefined ? "" : runIdFloor(from), ceiling: cursor !== null && cursor < end ? cursor : end };
}

/** One row more than asked for tells that there is a next page. */
async function rowsOfAll(desk: RunReadDesk, tenantId: string, query: RunQuery): Promise<RunRow[]> {
  const { limit, state, cause } = query;
  const { floor, ceiling } = boundsOf(query);
  const conditions: RunConditions = {
    $tenant: tenantId,
    $floor: floor,
    $state: state === undefined ? null : RUN_STATE[state],
    $cause: cause === undefined ? null : RUN_CAUSE[cause],
  };
  const { indexed, unindexed, unusual, askedFor } = listsFor(desk, query).sources;
  const range = { ceiling, limit: limit + 1, conditions };
  if ((conditions.$state ?? 0) > RUN_STATE.succeeded) return rowsOf(desk, await collect(desk, unusual, range));
  if ((conditions.$cause ?? 0) > RUN_CAUSE.schedule) return rowsOf(desk, await collect(desk, askedFor, range));
  const newest = unindexed.rows(conditions, { $ceiling: ceiling, $floor: floor, $limit: limit + 1 });
  return rowsOf(desk, [...newest, ...(await collect(desk, indexed, range))]).slice(0, limit + 1);
}

interface Range {
  readonly ceiling: string;
  readonly limit: number;
  readonly conditions: RunConditions;
}

async function collect({ pause }: RunReadDesk, source: RunSource, { ceiling, limit, conditions }: Range): Promise<Values[]> {
  const found: Values[] = [];
  for (let $ceiling = ceiling; ;) {
    const end = source.stepEnd(conditions, $ceiling);
    found.push(...source.rows(conditions, { $ceiling, $floor: end ?? conditions.$floor, $limit: limit - found.length }));
    if (end === undefined || found.length >= limit) return found;
    $ceiling = end;
    await pause();
  }
}

/** Newest first. A run that was entered into the index between two reads is among both. */
function rowsOf({ names }: RunReadDesk, found: readonly Values[]): RunRow[] {
  const rows = new Map(found.map((values) => [values[1] as string, values]));
  return [...rows.values()]
    .sort((left, right) => compareTexts(right[1] as string, left[1] as string))
    .map((values) => runRowOf(values, names));
}
