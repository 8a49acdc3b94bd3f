import type { Connection } from "mongoose";
import { storeFault } from "./faults.ts";

interface Index {
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
  readonly partialFilterExpression?: Readonly<Record<string, unknown>>;
}

/** Rows that have the field. */
const having = (field: string) => ({ partialFilterExpression: { [field]: { $exists: true } } });
/**
 * The condition on the field of such an index: up to this instant, included. That the field is there follows from it, but
 * not every server that speaks the protocol sees so, and one that does not reads the whole collection.
 */
export const upTo = (instant: number) => ({ $exists: true, $lte: instant });

/** Rows whose array holds something: its entries have such an instant. */
const holding = (instant: string) => ({ partialFilterExpression: { [instant]: { $gt: 0 } } });

/**
 * Equal fields first, then the order asked for, then ranges: so that no read sorts, and a limit ends it early. Unique
 * ones begin with the key by which the collection may be sharded: jobs by (tenantId, id), runs by jobUid, the rest by id.
 */
export const INDEXES: Readonly<Record<string, readonly Index[]>> = {
  jobs: [
    { name: "id", key: { tenantId: 1, id: 1, tombstone: 1 }, unique: true },
    { name: "upcoming", key: { state: 1, nextRunAt: 1, _id: 1, slot: 1 } },
    { name: "newest", key: { tenantId: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_state", key: { tenantId: 1, state: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_status", key: { tenantId: 1, status: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_handler", key: { tenantId: 1, handler: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_queue", key: { tenantId: 1, queue: 1, createdAt: -1, _id: -1 } },
    { name: "newest_by_tag", key: { tenantId: 1, tags: 1, createdAt: -1, _id: -1 } },
    { name: "pending", key: { "pending.firedAt": 1, slot: 1 }, ...holding("pending.firedAt") },
    { name: "outbox", key: { "outbox.time": 1, slot: 1 }, ...holding("outbox.time") },
    { name: "outbox_event", key: { "outbox.id": 1 }, ...holding("outbox.time") },
    { name: "tombstones", key: { deletedAt: 1 }, ...having("deletedAt") },
  ],
  definitions: [
    { name: "job", key: { jobUid: 1 } },
    { name: "look", key: { lookAt: 1 }, ...having("lookAt") },
  ],
  runs: [
    { name: "newest", key: { tenantId: 1, _id: -1 } },
    { name: "newest_by_job", key: { tenantId: 1, jobId: 1, _id: -1 } },
    { name: "newest_by_state", key: { tenantId: 1, state: 1, _id: -1 } },
    { name: "newest_by_cause", key: { tenantId: 1, cause: 1, _id: -1 } },
    { name: "definition", key: { jobUid: 1, definitionHash: 1 } },
    { name: "wake", key: { state: 1, wakeAt: 1, slot: 1 }, ...having("wakeAt") },
    { name: "expiry", key: { expiresAt: 1, slot: 1 }, ...having("expiresAt") },
    { name: "waiting", key: { standing: 1, queue: 1, _id: 1, slot: 1 }, ...having("standing") },
    { name: "due_of_job", key: { jobUid: 1, scheduledFor: 1, _id: 1 }, ...having("standing") },
    { name: "lock", key: { jobUid: 1, lockKey: 1 }, unique: true, ...having("lockKey") },
    { name: "unannounced", key: { announce: 1, _id: 1, slot: 1 }, ...having("announce") },
    { name: "settled", key: { settledAt: 1, _id: 1 }, ...having("settledAt") },
  ],
  requests: [{ name: "age", key: { boundAt: 1 } }],
};

/** Makes what is missing. Repeating it, also at the same time elsewhere, is harmless. */
export async function createIndexes({ db }: Connection): Promise<void> {
  for (const [name, indexes] of Object.entries(INDEXES)) {
    try {
      await db?.collection(name).createIndexes(indexes.map((index) => ({ ...index, key: { ...index.key } })));
    } catch (fault) {
      throw storeFault(fault, `create indexes of ${name}`);
    }
  }
}
