import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { OVERLAP_BUFFER_MAX, type OverlapPolicy } from "../../../domain/policy/overlap.ts";
import { inParallel } from "../../../runtime/batch/in-parallel.ts";
import { byId, type Filter, type Rows, withIds } from "../collections/rows.ts";
import { IN_ORDER, WAITS_FOR_ANOTHER } from "../runs/run-changes.ts";
import { readPolicy, type RunRow } from "../runs/run-row.ts";
import type { Contender } from "./judge-overlap.ts";

/** Rows of a job read by the query of many jobs, for each run of it that is to be claimed. A job that has more is *crowded*. */
const CROWD = 4;
/** Queries of many jobs. Each leaves out the crowded jobs that the query before it found. The jobs that remain count as crowded. */
const LOOKS_MAX = 3;
/** Rows of one job that a query of its own reads, besides one for each of its runs that is to be claimed: as many as a full buffer has. */
const PAGE = OVERLAP_BUFFER_MAX + 1;
/** Such queries at the same time. */
const QUERIES_MAX = 10;

/** Policies that count the waiting runs. */
const BUFFERS: ReadonlySet<OverlapPolicy> = new Set(["buffer_one", "buffer_all"]);

/** In filters: due, and not deferred because no executor has the handler. */
export const CONTENDING = { standing: { $exists: true }, exclusive: { $eq: true }, reason: { $in: [null, "overlap"] } } as const;

type Runs = Rows<RunRow>;

export const readByIds = (runs: Runs, wanted: readonly Pick<DueRun, "runId">[]): Promise<RunRow[]> =>
  runs.find(withIds(wanted.map(({ runId }) => runId)));

export interface ReadRows {
  /** The runs to be claimed, by id. */
  readonly rows: ReadonlyMap<string, RunRow>;
  /** By job: their contenders, as far as a verdict on these runs depends on them. A missing job was not read. */
  readonly contenders: ReadonlyMap<string, readonly RunRow[]>;
}

/**
 * Mostly one query: the due rows of exclusive jobs include the runs themselves and the runs that may precede them. Runs that allow overlap
 * are read by their ids, and so are runs that were not found due. The holders of the locks are not read.
 */
export async function readFirst(runs: Runs, wanted: readonly DueRun[]): Promise<ReadRows> {
  const exclusive = wanted.filter((run) => run.exclusive);
  const others = wanted.filter((run) => !run.exclusive);
  const [due, free] = await Promise.all([readJobs(runs, exclusive, { standing: { $exists: true } }), readByIds(runs, others)]);
  const rows = byId([...due.rows, ...free]);
  const missing = exclusive.filter(({ runId }) => !rows.has(runId));
  for (const row of await readByIds(runs, missing)) rows.set(row._id, row);
  return { rows, contenders: Map.groupBy(due.rows, ({ jobUid }) => jobUid) };
}

/** All rows that decide whether runs start. They may be read in any order: the compare-and-sets detect changes made meanwhile. */
export async function readContest(runs: Runs, open: readonly Contender[]): Promise<ReadRows> {
  const own = open.map(({ run }) => run);
  const exclusive = open.flatMap(({ row }) => (row.exclusive ? [row] : []));
  const [rows, holders, before, buffered] = await Promise.all([
    readByIds(runs, own),
    readHolders(runs, exclusive),
    readBefore(runs, exclusive),
    readBuffered(runs, exclusive),
  ]);
  // Of two rows of one run the later counts: the run that has the lock now was due a moment ago.
  return { rows: byId(rows), contenders: Map.groupBy([...buffered, ...before, ...holders], ({ jobUid }) => jobUid) };
}

const listJobUids = (rows: readonly RunRow[]): string[] => [...new Set(rows.map(({ jobUid }) => jobUid))];

interface Wanted {
  readonly jobUid: string;
  readonly scheduledFor: Instant;
}

interface JobRows {
  readonly rows: readonly RunRow[];
  /** Jobs that have too many rows to be read beside others. None of their rows is among `rows`. */
  readonly crowded: readonly string[];
}

/**
 * The matching rows of the jobs of these runs, up to the latest instant of these runs: most of a backlog is later. However long a
 * backlog is, only a few rows a run are read.
 */
async function readJobs(runs: Runs, wanted: readonly Wanted[], filter: Filter): Promise<JobRows> {
  const left = Map.groupBy(wanted, ({ jobUid }) => jobUid);
  const scheduledFor = { $lte: findLatest(wanted) };
  const crowded: string[] = [];
  for (let look = 0; left.size > 0 && look < LOOKS_MAX; look += 1) {
    const limit = CROWD * [...left.values()].flat().length;
    const found = await runs.find({ jobUid: { $in: [...left.keys()] }, scheduledFor, ...filter }, { limit: limit + 1 });
    if (found.length <= limit) return { rows: found, crowded };
    for (const [jobUid, rows] of Map.groupBy(found, (row) => row.jobUid)) {
      if (rows.length <= CROWD * (left.get(jobUid)?.length ?? 0)) continue;
      crowded.push(jobUid);
      left.delete(jobUid);
    }
  }
  return { rows: [], crowded: [...crowded, ...left.keys()] };
}

const findLatest = (wanted: readonly Wanted[]): Instant =>
  wanted.reduce((latest, { scheduledFor }) => Math.max(latest, scheduledFor), Number.MIN_SAFE_INTEGER);

/** The running runs that hold the lock. The first release left the lock on other runs too; there it is removed. */
async function readHolders(runs: Runs, contenders: readonly RunRow[]): Promise<RunRow[]> {
  const found = await runs.find({ jobUid: { $in: listJobUids(contenders) }, lockKey: { $exists: true } });
  const stale = found.filter(({ state }) => state !== "running").map(({ _id }) => _id);
  await runs.updateMany({ ...withIds(stale), state: { $ne: "running" } }, { $unset: { lockKey: "" } });
  return found.filter(({ state }) => state === "running");
}

/** The runs that may precede the runs to be claimed. */
async function readBefore(runs: Runs, contenders: readonly RunRow[]): Promise<readonly RunRow[]> {
  const { rows, crowded } = await readJobs(runs, contenders, CONTENDING);
  const own = Map.groupBy(contenders, ({ jobUid }) => jobUid);
  const pages = await inParallel(crowded, { atOnce: QUERIES_MAX, work: (jobUid) => readPage(runs, jobUid, own.get(jobUid) ?? []) });
  return [...rows, ...pages.flat()];
}

/** The first rows of a crowded job and, if there are more, the first ones of each queue and handler: only runs of equal queue and handler have an order. */
async function readPage(runs: Runs, jobUid: string, own: readonly RunRow[]): Promise<RunRow[]> {
  const scheduledFor = { $lte: findLatest(own) };
  const first = (filter: Filter, limit: number) =>
    runs.find({ jobUid: { $eq: jobUid }, scheduledFor, ...CONTENDING, ...filter }, { sort: IN_ORDER, limit });
  const page = await first({}, PAGE + own.length);
  if (page.length < PAGE + own.length) return page;
  const lanes = [...Map.groupBy(own, ({ queue, handler }) => `${queue} ${handler}`).values()];
  const work = (lane: readonly RunRow[]): Promise<RunRow[]> => {
    const { queue, handler } = lane[0] as RunRow;
    return first({ queue: { $eq: queue }, handler: { $eq: handler } }, 1 + lane.length);
  };
  return [...page, ...(await inParallel(lanes, { atOnce: QUERIES_MAX, work })).flat()];
}

/** Waiting runs of any instant: their number tells whether a buffer is full. */
async function readBuffered(runs: Runs, contenders: readonly RunRow[]): Promise<RunRow[]> {
  const jobUids = listJobUids(contenders.filter((row) => BUFFERS.has(readPolicy(row))));
  const work = (jobUid: string): Promise<RunRow[]> => runs.find({ jobUid: { $eq: jobUid }, ...WAITS_FOR_ANOTHER }, { limit: PAGE });
  return (await inParallel(jobUids, { atOnce: QUERIES_MAX, work })).flat();
}
