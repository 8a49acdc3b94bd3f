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
 * The condition on the field of such an index: up to this instant, included. That the field is there follows from it, but
 * not every server that speaks the protocol sees so, and one that does not reads the whole collection.
 */
export const upTo = (instant: number) => ({ $exists: true, $lte: instant });
/** As `upTo`, but without the instant itself. */
export const below = (instant: number) => ({ $exists: true, $lt: instant });

/** Runs of one state. */
const ofState = (state: RunState) => ({ partialFilterExpression: { state: { $eq: state } } });

/** Rows whose array holds something: its entries have such an instant. */
const holding = (instant: string) => ({ partialFilterExpression: { [instant]: { $gt: 0 } } });

/**
 * Every query of the adapter by an index, in the way in which MongoDB's planner can use one. Its rules, which `index-rules.test-support.ts` holds all
 * queries to, are these (section names of https://www.mongodb.com/docs/manual):
 *
 * - _The ESR (Equality, Sort, Range) Guideline_: equal fields first, then the order asked for, then ranges: so that no read sorts, and a limit
 *   ends it early. A range of slots stands last, where it is compared within the index: before the order it would sort a whole backlog to find its
 *   first row. It costs one key of the index for each row of other slots that comes before.
 * - _Partial Indexes, Query Coverage_: the query contains the filter expression, or a part of what that allows.
 * - _Multikey Indexes, Sort Operations_: sorting by a field of an array's entries is done by an index only where its bounds are all there are, and
 *   never together with a condition on the array. So nothing here sorts by `pending` or `outbox`; and _Multikey Index Bounds_: of two bounds on such a
 *   field one alone limits what is read of the index.
 * - _Use Indexes to Sort Query Results_: an order by which only one value of a field is read (equality) needs no such field in the sort; of a few
 *   values (`$in`) the server merges the orders (SORT_MERGE).
 *
 * Ids, states and queue names compare as bytes, and no query asks for a collation: the indexes have none, and one with another collation than its
 * index could not use it for text.
 *
 * Sharding (_Unique Indexes, Sharded Clusters_): unique indexes begin with the key by which the collection may be sharded: jobs by (tenantId, id),
 * runs by jobUid, the rest not at all or by id. A query with that key goes to one shard (_targeted_); one without is sent to all of them and merged
 * (_broadcast_): so are the sweeps, and the batches by `_id`, of which each shard finds its own rows by the index that it has on `_id`. An `_id` is unique
 * on each shard alone; a run's follows from its job's uid, so equal ids meet on one shard.
 */
export const INDEXES: Readonly<Record<string, readonly Index[]>> = {
  jobs: [
    // The job of an id; that there is one living. Targeted.
    { name: "id", key: { tenantId: 1, id: 1, tombstone: 1 }, unique: true },
    // What is due soon, from the earliest, page by page: state equal; nextRunAt, _id the order; slot within the index.
    { name: "upcoming", key: { state: 1, nextRunAt: 1, _id: 1, slot: 1 } },
    // Pages of a tenant's jobs, one index for each filter: equal fields, then the order. With several filters, or a part of a name, one of them
    // gives the order and the rest is compared row by row. Targeted. A tag is an entry of an array, and no part of the order.
    { name: "newest", key: { tenantId: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_state", key: { tenantId: 1, state: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_status", key: { tenantId: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_handler", key: { tenantId: 1, handler: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_queue", key: { tenantId: 1, queue: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_tag", key: { tenantId: 1, tags: 1, createdAt: -1, _id: -1 } },
    // Jobs with fires to complete, and with events to send: a page of them without an order, from where the index begins.
    { name: "pending", key: { "pending.firedAt": 1, slot: 1 }, ...holding("pending.firedAt") },
    { name: "outbox", key: { "outbox.time": 1, slot: 1 }, ...holding("outbox.time") },
    // The jobs of events that were sent.
    { name: "outbox_event", key: { "outbox.id": 1 }, ...holding("outbox.time") },
    // Deleted jobs, the earliest first.
    { name: "tombstones", key: { deletedAt: 1 }, ...having("deletedAt") },
  ],
  definitions: [
    // Those of jobs that are forgotten.
    { name: "job", key: { jobUid: 1 } },
    // Those that a sweep shall look at, the earliest first.
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
    // Retries, repeats, leases that may have ended: state equal, wakeAt the order and the range, slot within the index. What deleted jobs have running
    // or retrying, by their slots.
    { name: "wake", key: { state: 1, wakeAt: 1, slot: 1 }, ...having("wakeAt") },
    // Runs that have waited too long. All of them are `due`.
    { name: "expiry", key: { expiresAt: 1, slot: 1 }, ...having("expiresAt") },
    // What can be published: standing and queue equal, then the order. The queues that have such runs: each time the next one. Published runs that are
    // not claimed, counted by queue from the index alone. Runs that wait for a handler. Databases of versions before priorities also have `waiting`,
    // without them, which programs of those versions need.
    { name: "waiting_by_priority", key: { standing: 1, queue: 1, ...IN_PUBLICATION_ORDER, slot: 1 }, ...having("standing") },
    // The due runs of some jobs, in their order: what a claim judges, what waits behind a run that ends, and what is open of a job.
    { name: "due_of_job", key: { jobUid: 1, scheduledFor: 1, _id: 1 }, ...having("standing") },
    // One run of a job at a time, and which one that is.
    { name: "lock", key: { jobUid: 1, lockKey: 1 }, unique: true, ...having("lockKey") },
    // Ended runs that are not announced yet, the earliest first.
    { name: "unannounced", key: { announce: 1, _id: 1, slot: 1 }, ...having("announce") },
    // What is to be folded into jobs, and what completed long ago, page by page. No open run is in it, however old.
    { name: "settled", key: { settledAt: 1, _id: 1 }, ...having("settledAt") },
    // What was skipped or missed long ago, likewise. Runs that complete are in neither, and cost nothing by them.
    { name: "skipped", key: { finishedAt: 1, _id: 1 }, ...ofState("skipped") },
    { name: "missed", key: { finishedAt: 1, _id: 1 }, ...ofState("missed") },
  ],
  requests: [
    // Keys that are past their time.
    { name: "age", key: { boundAt: 1 } },
  ],
};

/** Of a collection, those it has not got. */
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

/** Makes what is missing. Repeating it, also at the same time elsewhere, is harmless. */
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
    if ((fault as { readonly code?: unknown }).code === NAMESPACE_NOT_FOUND) return new Set(); // A collection that is not there has none.
    throw storeFault(fault, `list indexes of ${collection}`);
  }
}
