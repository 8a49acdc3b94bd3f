import { isTerminal } from "../../../domain/run-state.ts";
import { expiryOf, isExclusive, type RunRow } from "./run-row.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

/** All runs, and every order in which the store is asked for them. `save` keeps the indexes true to the row. */
export interface RunTable {
  readonly get: (runId: string) => RunRow | undefined;
  readonly save: (row: RunRow) => void;
  readonly remove: (row: RunRow) => void;
  /** By run id. Of a tenant, of a job id of a tenant, of one job. */
  readonly ofTenant: (tenantId: string) => SortedIndex<RunRow>;
  readonly ofJobId: (tenantId: string, jobId: string) => SortedIndex<RunRow>;
  readonly ofJob: (jobUid: string) => SortedIndex<RunRow>;
  /** Open runs of one job. */
  readonly openOf: (jobUid: string) => SortedIndex<RunRow>;
  /** The exclusive run that has its job's lock: from its first start to its end, whatever state it is in between. */
  readonly holderOf: (jobUid: string) => RunRow | undefined;
  /** Publishable runs by queue, by run id. */
  readonly publishable: ReadonlyMap<string, SortedIndex<RunRow>>;
  readonly published: SortedIndex<RunRow>;
  readonly deferred: SortedIndex<RunRow>;
  /** By when they are to be woken: retries, runs never started that expire, publications to be repeated and deferred runs. */
  readonly retries: SortedIndex<RunRow>;
  readonly expiries: SortedIndex<RunRow>;
  readonly repeats: SortedIndex<RunRow>;
  /** Running, by the expiry of their lease. */
  readonly leased: SortedIndex<RunRow>;
  /** Ended, by when they finished; the second: those not announced. */
  readonly ended: SortedIndex<RunRow>;
  readonly unannounced: SortedIndex<RunRow>;
  /** Started and ended, by when they were settled. */
  readonly settled: SortedIndex<RunRow>;
}

export function createRunTable(): RunTable {
  const rows = new Map<string, RunRow>();
  const holders = new Map<string, RunRow>();
  const families = { tenant: createFamily(), jobId: createFamily(), job: createFamily(), open: createFamily(), queue: createFamily() };
  const orders = {
    published: createSortedIndex<RunRow>(),
    deferred: createSortedIndex<RunRow>(),
    retries: createSortedIndex<RunRow>(),
    expiries: createSortedIndex<RunRow>(),
    repeats: createSortedIndex<RunRow>(),
    leased: createSortedIndex<RunRow>(),
    ended: createSortedIndex<RunRow>(),
    unannounced: createSortedIndex<RunRow>(),
    settled: createSortedIndex<RunRow>(),
  };
  const historyOf = (row: RunRow): readonly [Family, string][] => [
    [families.tenant, row.origin.tenantId],
    [families.jobId, jobIdKey(row.origin.tenantId, row.origin.jobId)],
    [families.job, row.origin.jobUid],
  ];
  function saveLock(row: RunRow): void {
    const { jobUid } = row.origin;
    if (isExclusive(row) && row.firstStartedAt !== null && !isTerminal(row.state)) holders.set(jobUid, row);
    else if (holders.get(jobUid) === row) holders.delete(jobUid);
  }
  return {
    get: (runId) => rows.get(runId),
    save(row) {
      if (!rows.has(row.runId)) for (const [family, key] of historyOf(row)) family.put(key, row, 0);
      rows.set(row.runId, row);
      saveLock(row);
      families.open.put(row.origin.jobUid, row, isTerminal(row.state) ? null : 0);
      families.queue.put(row.origin.definition.queue, row, row.state === "due" && row.standing === "publishable" ? 0 : null);
      for (const [name, at] of Object.entries(placesOf(row))) put(orders[name as keyof Places], row, at);
    },
    remove(row) {
      rows.delete(row.runId);
      for (const [family, key] of historyOf(row)) family.put(key, row, null);
      for (const order of Object.values(orders)) order.delete(row.runId);
    },
    ofTenant: families.tenant.of,
    ofJobId: (tenantId, jobId) => families.jobId.of(jobIdKey(tenantId, jobId)),
    ofJob: families.job.of,
    openOf: families.open.of,
    holderOf: (jobUid) => holders.get(jobUid),
    publishable: families.queue.all,
    ...orders,
  };
}

type Places = Record<
  "published" | "deferred" | "retries" | "expiries" | "repeats" | "leased" | "ended" | "unannounced" | "settled",
  number | null
>;

/** Where a row stands in each order; null: not in it. */
function placesOf(row: RunRow): Places {
  const due = row.state === "due";
  const ended = isTerminal(row.state);
  return {
    published: due && row.standing === "published" ? 0 : null,
    deferred: due && row.standing === "deferred" ? 0 : null,
    retries: row.state === "retrying" ? row.wakeAt : null,
    expiries: expiryOf(row),
    repeats: due && row.standing !== "publishable" ? row.wakeAt : null,
    leased: row.lease?.expiresAt ?? null,
    ended: ended ? row.finishedAt : null,
    unannounced: ended && !row.announced ? row.finishedAt : null,
    settled: ended && row.startedAt !== null ? row.settledAt : null,
  };
}

const jobIdKey = (tenantId: string, jobId: string): string => JSON.stringify([tenantId, jobId]);

function put(order: SortedIndex<RunRow>, row: RunRow, at: number | null): void {
  if (at === null) order.delete(row.runId);
  else order.set(row.runId, at, row);
}

/** Indexes by key, made when their first row comes and dropped with their last. */
interface Family {
  readonly all: ReadonlyMap<string, SortedIndex<RunRow>>;
  readonly of: (key: string) => SortedIndex<RunRow>;
  readonly put: (key: string, row: RunRow, at: number | null) => void;
}

function createFamily(): Family {
  const all = new Map<string, SortedIndex<RunRow>>();
  const none = createSortedIndex<RunRow>();
  return {
    all,
    of: (key) => all.get(key) ?? none,
    put(key, row, at) {
      let order = all.get(key);
      if (order === undefined) {
        if (at === null) return;
        all.set(key, (order = createSortedIndex()));
      }
      put(order, row, at);
      if (order.size === 0) all.delete(key);
    },
  };
}
