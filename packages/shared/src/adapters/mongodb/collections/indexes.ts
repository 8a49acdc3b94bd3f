import type { Connection } from "mongoose";
import type { RunState } from "../../../domain/run/run-state.ts";
import { IN_PUBLICATION_ORDER } from "../runs/run-row.ts";
import { storeFault } from "../server/faults.ts";

export interface Index {
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
  readonly partialFilterExpression?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Rows that have the field. */
const having = (field: string) => ({ partialFilterExpression: { [field]: { $exists: true } } });
/**
 * The condition on the field of such an index: up to and including this instant. It implies that the field exists. But
 * not every server that speaks the protocol infers this, and such a server would read the whole collection.
 */
export const upTo = (instant: number) => ({ $exists: true, $lte: instant });
/** As `upTo`, but without the instant itself. */
export const below = (instant: number) => ({ $exists: true, $lt: instant });

/** Runs of one state. */
const ofState = (state: RunState) => ({ partialFilterExpression: { state: { $eq: state } } });

/** Rows whose array is not empty: its entries have such an instant. */
const holding = (instant: string) => ({ partialFilterExpression: { [instant]: { $gt: 0 } } });

/**
 * Every query of the adapter uses an index in a way that MongoDB's planner supports. `index-rules.test-support.ts` checks all queries against
 * these rules of the planner (section names of https://www.mongodb.com/docs/manual):
 *
 * - _The ESR (Equality, Sort, Range) Guideline_: equal fields first, then the requested order, then ranges. So no read sorts, and a limit
 *   ends it early. A range of slots is last, where it is compared within the index: before the order, the server would sort a whole backlog to find
 *   its first row. It costs one key of the index for each earlier row of other slots.
 * - _Partial Indexes, Query Coverage_: the query contains the filter expression, or a narrower condition.
 * - _Multikey Indexes, Sort Operations_: an index sorts by a field of an array's entries only if its bounds cover all values, and never
 *   together with a condition on the array. So no query here sorts by `pending` or `outbox`. _Multikey Index Bounds_: of two bounds on such a
 *   field only one limits the part of the index that is read.
 * - _Use Indexes to Sort Query Results_: a field of which only one value is read (equality) need not be in the sort; for a few values (`$in`) the
 *   server merges the orders (SORT_MERGE).
 *
 * Ids, states and queue names compare as bytes. No query requests a collation, and the indexes have none: a query with another collation than its
 * index could not use the index for text.
 *
 * Sharding (_Unique Indexes, Sharded Clusters_): unique indexes begin with the key by which the collection may be sharded: jobs by (tenantId, id),
 * runs by jobUid, the rest not at all or by id. A query with that key goes to one shard (_targeted_); one without is sent to all of them and merged
 * (_broadcast_). The sweeps are broadcast, and so are the batches by `_id`, in which each shard finds its own rows by its index on `_id`. An `_id` is
 * unique only within a shard; that of a run is derived from its job's uid, so equal ids are on the same shard.
 */
export const INDEXES: Readonly<Record<string, readonly Index[]>> = {
  jobs: [
    // The job of an id; at most one that is not deleted. Targeted.
    { name: "id", key: { tenantId: 1, id: 1, tombstone: 1 }, unique: true },
    // Jobs that are due soon, earliest first, page by page: state equal; nextRunAt, _id the order; slot within the index.
    { name: "upcoming", key: { state: 1, nextRunAt: 1, _id: 1, slot: 1 } },
    // Pages of a tenant's jobs, one index for each filter: equal fields, then the order. With several filters, or a part of a name, one of them
    // gives the order and the rest is compared row by row. Targeted. A tag is an entry of an array, and no part of the order.
    { name: "newest", key: { tenantId: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_state", key: { tenantId: 1, state: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_status", key: { tenantId: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_handler", key: { tenantId: 1, handler: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_queue", key: { tenantId: 1, queue: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_tag", key: { tenantId: 1, tags: 1, createdAt: -1, _id: -1 } },
    // Jobs with fires to complete, and with events to send: a page without an order, from the start of the index.
    { name: "pending", key: { "pending.firedAt": 1, slot: 1 }, ...holding("pending.firedAt") },
    { name: "outbox", key: { "outbox.time": 1, slot: 1 }, ...holding("outbox.time") },
    // The jobs of events that were sent.
    { name: "outbox_event", key: { "outbox.id": 1 }, ...holding("outbox.time") },
    // Deleted jobs, the earliest first.
    { name: "tombstones", key: { deletedAt: 1 }, ...having("deletedAt") },
  ],
  definitions: [
    // The definitions of jobs that are removed.
    { name: "job", key: { jobUid: 1 } },
    // The definitions that a sweep has to check, earliest first.
    { name: "look", key: { lookAt: 1 }, ...having("lookAt") },
  ],
  runs: [
    // Pages of a tenant's runs, as those of its jobs: ids are in the order of `scheduledFor`, so instants are bounds of ids. Of a job: targeted, where
    // the query names its uid.
    { name: "newest", key: { tenantId: 1, _id: -1 } },
    { name: "newest_by_job", key: { tenantId: 1, jobId: 1, _id: -1 } },
    { name: "newest_by_state", key: { tenantId: 1, state: 1, _id: -1 } },
    { name: "newest_by_cause", key: { tenantId: 1, cause: 1, _id: -1 } },
    // Whether a run uses a definition. Targeted.
    { name: "definition", key: { jobUid: 1, definitionHash: 1 } },
    // Retries, repeats, leases that may have ended: state equal, wakeAt the order and the range, slot within the index. Running and retrying runs
    // of deleted jobs, by their slots.
    { name: "wake", key: { state: 1, wakeAt: 1, slot: 1 }, ...having("wakeAt") },
    // Runs that have waited too long. All of them are `due`.
    { name: "expiry", key: { expiresAt: 1, slot: 1 }, ...having("expiresAt") },
    // Publishable runs: standing and queue equal, then the order. The queues that have such runs: one seek for each. Published runs that are
    // not claimed, counted by queue from the index alone. Runs that wait for a handler. Databases of versions before priorities also have the index
    // `waiting`, without priorities, which programs of those versions need.
    { name: "waiting_by_priority", key: { standing: 1, queue: 1, ...IN_PUBLICATION_ORDER, slot: 1 }, ...having("standing") },
    // The due runs of some jobs, in their order: the contenders of a claim, the runs that wait for one that ends, and the open runs of a job.
    { name: "due_of_job", key: { jobUid: 1, scheduledFor: 1, _id: 1 }, ...having("standing") },
    // One running run of a job at a time, and which one it is.
    { name: "lock", key: { jobUid: 1, lockKey: 1 }, unique: true, ...having("lockKey") },
    // Ended runs that are not announced yet, the earliest first.
    { name: "unannounced", key: { announce: 1, _id: 1, slot: 1 }, ...having("announce") },
    // Runs to be applied to the status of jobs, and runs that completed long ago, page by page. It has no open run, however old.
    { name: "settled", key: { settledAt: 1, _id: 1 }, ...having("settledAt") },
    // Runs that were skipped or missed long ago, likewise. Runs that complete are in neither, so these indexes cost them nothing.
    { name: "skipped", key: { finishedAt: 1, _id: 1 }, ...ofState("skipped") },
    { name: "missed", key: { finishedAt: 1, _id: 1 }, ...ofState("missed") },
  ],
  requests: [
    // Expired keys.
    { name: "age", key: { boundAt: 1 } },
  ],
};

/** The missing indexes of a collection. */
export interface MissingIndexes {
  readonly collection: string;
  readonly indexes: readonly Index[];
}

/** Collections that lack indexes. */
export async function findMissingIndexes({ db }: Connection): Promise<MissingIndexes[]> {
  const missing: MissingIndexes[] = [];
  for (const [collection, indexes] of Object.entries(INDEXES)) {
    const names = await readIndexNames(db, collection);
    const lacking = indexes.filter(({ name }) => !names.has(name));
    if (lacking.length > 0) missing.push({ collection, indexes: lacking });
  }
  return missing;
}

/** Makes the missing indexes. Repeating it, even concurrently in another process, is harmless. */
export async function createMissingIndexes(connection: Connection): Promise<void> {
  for (const { collection, indexes } of await findMissingIndexes(connection)) {
    try {
      await connection.db?.collection(collection).createIndexes(indexes.map((index) => ({ ...index, key: { ...index.key } })));
    } catch (fault) {
      throw storeFault(fault, `create indexes of ${collection}`);
    }
  }
}

const NAMESPACE_NOT_FOUND = 26;

async function readIndexNames(db: Connection["db"], collection: string): Promise<ReadonlySet<string | undefined>> {
  try {
    return new Set((await db?.collection(collection).indexes())?.map(({ name }) => name));
  } catch (fault) {
    if ((fault as { readonly code?: unknown }).code === NAMESPACE_NOT_FOUND) return new Set(); // A missing collection has none.
    throw storeFault(fault, `list indexes of ${collection}`);
  }
}
