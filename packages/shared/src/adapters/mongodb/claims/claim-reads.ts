import type { DueRun } from "../../../domain/due-run.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import type { Filter, Rows } from "../collections/rows.ts";
import type { RunRow } from "../runs/run-row.ts";

/** Rows of a job read by the query of many jobs, for each run of it that is to be claimed. A job that has more is *crowded*. */
const CROWD = 4;
/** Queries of many jobs, each without the crowded ones that the one before it has met. What is left then counts as crowded. */
const LOOKS_MAX = 3;

export interface Wanted {
  readonly jobUid: string;
  readonly scheduledFor: Instant;
}

export interface JobRows {
  readonly rows: readonly RunRow[];
  /** Jobs that have too many rows to be read beside others. None of their rows is among `rows`. */
  readonly crowded: readonly string[];
}

/**
 * The rows of the jobs of these runs that match, up to the latest instant of these runs: a backlog is mostly behind it. However long a
 * backlog is, no more is read than what some rows a run come to.
 */
export async function readJobs(runs: Rows<RunRow>, wanted: readonly Wanted[], filter: Filter): Promise<JobRows> {
  const left = groupBy(wanted, ({ jobUid }) => jobUid);
  const scheduledFor = { $lte: latestOf(wanted) };
  const crowded: string[] = [];
  for (let look = 0; left.size > 0 && look < LOOKS_MAX; look += 1) {
    const limit = CROWD * [...left.values()].flat().length;
    const found = await runs.find({ jobUid: { $in: [...left.keys()] }, scheduledFor, ...filter }, { limit: limit + 1 });
    if (found.length <= limit) return { rows: found, crowded };
    for (const [jobUid, rows] of groupBy(found, (row) => row.jobUid)) {
      if (rows.length <= CROWD * (left.get(jobUid)?.length ?? 0)) continue;
      crowded.push(jobUid);
      left.delete(jobUid);
    }
  }
  return { rows: [], crowded: [...crowded, ...left.keys()] };
}

export const latestOf = (wanted: readonly Pick<Wanted, "scheduledFor">[]): Instant =>
  wanted.reduce((latest, { scheduledFor }) => Math.max(latest, scheduledFor), Number.MIN_SAFE_INTEGER);

export interface FirstRead {
  /** By run id. */
  readonly rows: ReadonlyMap<string, RunRow>;
  /** By job: all due rows that stand before its runs. Jobs that are crowded, or that nobody asked for, are not there. */
  readonly dueOf: ReadonlyMap<string, readonly RunRow[]>;
}

/**
 * Mostly one query: the due rows of exclusive jobs hold the runs themselves and what may go before them. Runs that allow overlap
 * are read by their ids, and so is what was not found due.
 */
export async function readFirst({ rows: { runs } }: StoreContext, wanted: readonly DueRun[]): Promise<FirstRead> {
  const exclusive = wanted.filter((run) => run.exclusive);
  const [due, others] = await Promise.all([
    readJobs(runs, exclusive, { standing: { $exists: true } }),
    readByIds(
      runs,
      wanted.filter((run) => !run.exclusive),
    ),
  ]);
  const rows = new Map([...due.rows, ...others].map((row) => [row._id, row]));
  const missing = exclusive.filter(({ runId }) => !rows.has(runId));
  for (const row of await readByIds(runs, missing)) rows.set(row._id, row);
  return { rows, dueOf: groupBy(due.rows, ({ jobUid }) => jobUid) };
}

export const readByIds = async (runs: Rows<RunRow>, wanted: readonly Pick<DueRun, "runId">[]): Promise<RunRow[]> =>
  wanted.length === 0 ? [] : runs.find({ _id: { $in: wanted.map(({ runId }) => runId) } });
