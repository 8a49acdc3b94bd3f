import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RunQuery } from "../../ports/run-queries.ts";
import { RUN_CAUSE, RUN_STATE } from "./codes.ts";
import { type Pause, STEP_RUNS } from "./run-source.ts";
import type { RunRow } from "./run-view.ts";

/** The runs of one job, or of all jobs that had one id: walks along their chains. */
export interface JobHistory {
  /** Newest first, one more than asked for if there are more. */
  rows(tenantId: string, query: HistoryQuery): Promise<RunRow[]>;
}

export interface HistoryQuery extends RunQuery {
  readonly floor: string;
  readonly ceiling: string;
}

interface HistoryDesk {
  readonly read: (runKey: number) => RunRow | null;
  readonly keyOf: (runId: string) => number;
  readonly pause: Pause;
  /** Of a run, as little as is needed to pass it by. */
  readonly link: StatementSync;
  readonly headsById: StatementSync;
  readonly headByUid: StatementSync;
}

export function openJobHistory(db: DatabaseSync, parts: Pick<HistoryDesk, "read" | "keyOf" | "pause">): JobHistory {
  const heads = "SELECT jobs.job_key, head FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key";
  const desk: HistoryDesk = {
    ...parts,
    link: db.prepare("SELECT job_key, run_id, state, cause, prev FROM runs WHERE run_key = ?"),
    headsById: db.prepare(`${heads} WHERE tenant = ? AND id = ?`),
    headByUid: db.prepare(`${heads} WHERE tenant = ? AND uid = ?`),
  };
  return { rows: (tenantId, query) => walk(desk, tenantId, query) };
}

/** Where one job's walk stands: at a run that is still to be looked at. */
interface Chain {
  link: Link;
}

interface Link {
  readonly runKey: number;
  readonly runId: string;
  readonly state: number;
  readonly cause: number;
  readonly prev: number;
}

async function walk(desk: HistoryDesk, tenantId: string, query: HistoryQuery): Promise<RunRow[]> {
  const { limit, floor, ceiling } = query;
  const chains = startChains(desk, tenantId, query);
  const rows: RunRow[] = [];
  for (let steps = 1; rows.length <= limit; steps += 1) {
    const link = takeNewest(desk, chains);
    if (link === null || link.runId < floor) break;
    if (link.runId < ceiling && matches(link.state, query.state, RUN_STATE) && matches(link.cause, query.cause, RUN_CAUSE)) {
      const row = desk.read(link.runKey);
      if (row !== null && (query.jobId === undefined || row.jobId === query.jobId)) rows.push(row);
    }
    if (steps % STEP_RUNS === 0) await desk.pause();
  }
  return rows;
}

const matches = <Name extends string>(code: number, wanted: Name | undefined, codes: Readonly<Record<Name, number>>): boolean =>
  wanted === undefined || codes[wanted] === code;

/** A page that is not the first begins at the run the one before ended with; of the other jobs, at the newest. */
function startChains(desk: HistoryDesk, tenantId: string, { jobId, jobUid, cursor }: HistoryQuery): Chain[] {
  const heads = jobUid === undefined ? desk.headsById.all(tenantId, jobId ?? "") : desk.headByUid.all(tenantId, jobUid);
  const at = cursor === null ? undefined : desk.link.get(desk.keyOf(cursor));
  return heads.flatMap((row) => {
    const link = readLink(desk, at !== undefined && at["job_key"] === row["job_key"] ? (at["prev"] as number) : (row["head"] as number));
    return link === null ? [] : [{ link }];
  });
}

/** The newest run that no chain has given yet; its chain moves on. */
function takeNewest(desk: HistoryDesk, chains: Chain[]): Link | null {
  let newest: Chain | undefined;
  for (const chain of chains) if (newest === undefined || chain.link.runId > newest.link.runId) newest = chain;
  if (newest === undefined) return null;
  const { link } = newest;
  const next = readLink(desk, link.prev);
  if (next === null) chains.splice(chains.indexOf(newest), 1);
  else newest.link = next;
  return link;
}

/** Null: the chain ends, or what was older has been forgotten. */
function readLink({ link }: HistoryDesk, runKey: number): Link | null {
  const row = runKey === 0 ? undefined : link.get(runKey);
  if (row === undefined) return null;
  return {
    runKey,
    runId: row["run_id"] as string,
    state: row["state"] as number,
    cause: row["cause"] as number,
    prev: row["prev"] as number,
  };
}
