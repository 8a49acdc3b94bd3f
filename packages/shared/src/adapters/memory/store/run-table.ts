import { isCompleted, isTerminal } from "../../../domain/run-state.ts";
import { createGroupedIndex, type GroupedIndex } from "./grouped-index.ts";
import { expiryOf, isForUnknownHandler, type RunRow } from "./run-row.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

/** Orders of all runs together, each by an instant of its own and then by run id. */
interface RunOrders {
  /** `due`, by run id: those handed to the bus, and those put aside. */
  readonly published: SortedIndex<RunRow>;
  readonly deferred: SortedIndex<RunRow>;
  /** By when they are to be woken: retries, runs never started that expire, publications to be repeated and deferred runs. */
  readonly retries: SortedIndex<RunRow>;
  readonly expiries: SortedIndex<RunRow>;
  readonly repeats: SortedIndex<RunRow>;
  /** Running, by the expiry of their lease. */
  readonly leased: SortedIndex<RunRow>;
  /** Ended, by when they finished; and those of them that are not announced. */
  readonly ended: SortedIndex<RunRow>;
  readonly unannounced: SortedIndex<RunRow>;
  /** Completed, by when they were settled. */
  readonly settled: SortedIndex<RunRow>;
}

/** All runs, and every order in which the store is asked for them. `save` keeps the indexes true to the row. */
export interface RunTable extends RunOrders {
  readonly get: (runId: string) => RunRow | undefined;
  readonly save: (row: RunRow) => void;
  readonly remove: (row: RunRow) => void;
  /** By tenant; by `jobIdKey`; by job uid. */
  readonly ofTenant: GroupedIndex<RunRow>;
  readonly ofJobId: GroupedIndex<RunRow>;
  readonly ofJob: GroupedIndex<RunRow>;
  /** Open runs by job uid. */
  readonly openOf: GroupedIndex<RunRow>;
  /** Publishable runs by queue, by run id. */
  readonly publishable: ReadonlyMap<string, SortedIndex<RunRow>>;
}

/** The group of the runs of all jobs that had this id. */
export const jobIdKey = (tenantId: string, jobId: string): string => JSON.stringify([tenantId, jobId]);

export function createRunTable(): RunTable {
  const rows = new Map<string, RunRow>();
  const queues = new Map<string, SortedIndex<RunRow>>();
  const groups = {
    ofTenant: createGroupedIndex<RunRow>(),
    ofJobId: createGroupedIndex<RunRow>(),
    ofJob: createGroupedIndex<RunRow>(),
    openOf: createGroupedIndex<RunRow>(),
  };
  const orders = createOrders();

  function saveOpen(row: RunRow): void {
    const { jobUid } = row.origin;
    if (isTerminal(row.state)) groups.openOf.delete(jobUid, row.runId);
    else groups.openOf.set(jobUid, row.runId, row);
  }
  function saveQueue(row: RunRow): void {
    const { queue } = row.origin.definition;
    let order = queues.get(queue);
    if (order === undefined) queues.set(queue, (order = createSortedIndex()));
    put(order, row, row.state === "due" && row.standing === "publishable" ? 0 : null);
  }
  return {
    get: (runId) => rows.get(runId),
    save(row) {
      const { runId, origin } = row;
      if (!rows.has(runId)) {
        groups.ofTenant.set(origin.tenantId, runId, row);
        groups.ofJobId.set(jobIdKey(origin.tenantId, origin.jobId), runId, row);
        groups.ofJob.set(origin.jobUid, runId, row);
      }
      rows.set(runId, row);
      saveOpen(row);
      saveQueue(row);
      saveOrders(orders, row);
    },
    remove(row) {
      const { runId, origin } = row;
      rows.delete(runId);
      groups.ofTenant.delete(origin.tenantId, runId);
      groups.ofJobId.delete(jobIdKey(origin.tenantId, origin.jobId), runId);
      groups.ofJob.delete(origin.jobUid, runId);
      for (const order of Object.values<SortedIndex<RunRow>>({ ...orders })) order.delete(runId);
    },
    ...groups,
    publishable: queues,
    ...orders,
  };
}

const createOrders = (): RunOrders => ({
  published: createSortedIndex(),
  deferred: createSortedIndex(),
  retries: createSortedIndex(),
  expiries: createSortedIndex(),
  repeats: createSortedIndex(),
  leased: createSortedIndex(),
  ended: createSortedIndex(),
  unannounced: createSortedIndex(),
  settled: createSortedIndex(),
});

function saveOrders(orders: RunOrders, row: RunRow): void {
  const due = row.state === "due";
  const ended = isTerminal(row.state);
  put(orders.published, row, due && row.standing === "published" ? 0 : null);
  put(orders.deferred, row, due && row.standing === "deferred" ? 0 : null);
  put(orders.retries, row, row.state === "retrying" ? row.wakeAt : null);
  put(orders.expiries, row, expiryOf(row));
  put(orders.repeats, row, due && row.standing !== "publishable" && !isForUnknownHandler(row) ? row.wakeAt : null);
  put(orders.leased, row, row.lease?.expiresAt ?? null);
  put(orders.ended, row, ended ? row.finishedAt : null);
  put(orders.unannounced, row, ended && !row.announced ? row.finishedAt : null);
  put(orders.settled, row, isCompleted(row.state) ? row.settledAt : null);
}

function put(order: SortedIndex<RunRow>, row: RunRow, at: number | null): void {
  if (at === null) order.delete(row.runId);
  else order.set(row.runId, at, row);
}
