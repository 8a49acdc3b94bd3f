import { OVERLAP_BUFFER_MAX, type OverlapPolicy } from "../../../domain/overlap.ts";
import { latestOf, readByIds, readJobs } from "./claim-reads.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { inParts } from "../in-parts.ts";
import type { Contender } from "./overlap-judging.ts";
import type { Filter, Rows } from "../collections/rows.ts";
import { IN_ORDER, WAITS_FOR_ANOTHER } from "../runs/run-changes.ts";
import { policyOf, type RunRow } from "../runs/run-row.ts";

/** Rows of one job that a query of its own reads, beside one for each of its runs that is to be claimed: as many as a buffer is counted to. */
const PAGE = OVERLAP_BUFFER_MAX + 1;
/** Such queries at the same time. */
const QUERIES_MAX = 10;

/** Policies under which the runs that wait are counted. */
const BUFFERS: ReadonlySet<OverlapPolicy> = new Set(["buffer_one", "buffer_all"]);

/** Due, and not put aside for want of an executor. */
export const CONTENDING = { standing: { $exists: true }, exclusive: { $eq: true }, reason: { $in: [null, "overlap"] } } as const;

export interface ContestRead {
  /** The runs to be claimed, by id. */
  readonly rows: ReadonlyMap<string, RunRow>;
  /** By job: who has its lock, and what else contends for it, as far as a verdict on these runs depends on it. */
  readonly contendersOf: ReadonlyMap<string, readonly RunRow[]>;
}

/** All that decides whether runs start. Read one after the other or at once: whatever changes meanwhile, the compare-and-sets tell. */
export async function readContest({ rows: { runs } }: StoreContext, contenders: readonly Contender[]): Promise<ContestRead> {
  const exclusive = contenders.filter(({ row }) => row.exclusive);
  const [rows, holders, before, buffered] = await Promise.all([
    readByIds(
      runs,
      contenders.map(({ run }) => run),
    ),
    readHolders(runs, exclusive),
    readBefore(runs, exclusive),
    readBuffered(runs, exclusive),
  ]);
  // Of two of one run the later counts: who has the lock now was due a moment ago.
  const contendersOf = groupBy([...buffered, ...before, ...holders], ({ jobUid }) => jobUid);
  return { rows: new Map(rows.map((row) => [row._id, row])), contendersOf };
}

const jobUidsOf = (contenders: readonly Contender[]): string[] => [...new Set(contenders.map(({ row }) => row.jobUid))];

/** Who has the lock, and is running. The first release left it on runs that are not; there it goes. */
async function readHolders(runs: Rows<RunRow>, contenders: readonly Contender[]): Promise<RunRow[]> {
  if (contenders.length === 0) return [];
  const found = await runs.find({ jobUid: { $in: jobUidsOf(contenders) }, lockKey: { $exists: true } });
  const stale = found.filter(({ state }) => state !== "running").map(({ _id }) => _id);
  if (stale.length > 0) await runs.updateMany({ _id: { $in: stale.sort() }, state: { $ne: "running" } }, { $unset: { lockKey: "" } });
  return found.filter(({ state }) => state === "running");
}

/** What may go before the runs to be claimed. */
async function readBefore(runs: Rows<RunRow>, contenders: readonly Contender[]): Promise<readonly RunRow[]> {
  const { rows, crowded } = await readJobs(
    runs,
    contenders.map(({ row }) => row),
    CONTENDING,
  );
  const own = groupBy(contenders, ({ row }) => row.jobUid);
  const pages = await inParts(crowded, QUERIES_MAX, (jobUid) => readPage(runs, jobUid, own.get(jobUid) ?? []));
  return [...rows, ...pages.flat()];
}

/** The first ones of a crowded job, and, should they not be all, the first ones of each queue and handler: only among those an order holds. */
async function readPage(runs: Rows<RunRow>, jobUid: string, own: readonly Contender[]): Promise<RunRow[]> {
  const scheduledFor = { $lte: latestOf(own.map(({ row }) => row)) };
  const first = (filter: Filter, limit: number) =>
    runs.find({ jobUid: { $eq: jobUid }, scheduledFor, ...CONTENDING, ...filter }, { sort: IN_ORDER, limit });
  const page = await first({}, PAGE + own.length);
  if (page.length < PAGE + own.length) return page;
  const lanes = [...groupBy(own, ({ row: { queue, handler } }) => `${queue} ${handler}`).values()];
  const firsts = await inParts(lanes, QUERIES_MAX, (lane) => {
    const { queue, handler } = (lane[0] as Contender).row;
    return first({ queue: { $eq: queue }, handler: { $eq: handler } }, 1 + lane.length);
  });
  return [...page, ...firsts.flat()];
}

/** Runs that wait, whenever their instant was: by their number a buffer is full. */
async function readBuffered(runs: Rows<RunRow>, contenders: readonly Contender[]): Promise<RunRow[]> {
  const jobUids = jobUidsOf(contenders.filter(({ row }) => BUFFERS.has(policyOf(row))));
  const waiting = (jobUid: string) => ({ jobUid: { $eq: jobUid }, ...WAITS_FOR_ANOTHER });
  return (await inParts(jobUids, QUERIES_MAX, (jobUid) => runs.find(waiting(jobUid), { limit: PAGE }))).flat();
}
