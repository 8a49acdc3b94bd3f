import type { AnyBulkWriteOperation, Document, Model } from "mongoose";
import { AppError } from "../../../domain/app-error.ts";
import { backoffMs } from "../../../domain/backoff.ts";
import { STATEMENT_MS_MAX } from "../../../domain/time-limits.ts";
import { systemClock } from "../../system/clock.ts";
import { answeredWithin } from "../server/answered-within.ts";
import { systemEntropy } from "../../system/entropy.ts";
import { duplicatesOf, isConflict, isDuplicate, storeFault } from "../server/faults.ts";
import type { WriteWatch } from "../server/write-watch.ts";

/** Conditions in the server's own words. Values that came from outside stand behind an explicit operator (`$eq`, `$in`, …). */
export type Filter = Readonly<Record<string, unknown>>;
export type Update = Readonly<Record<string, unknown>>;

export interface FindOptions {
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number;
  /** Only these, and the id. */
  readonly fields?: readonly string[];
  /** All but these. Not together with `fields`. */
  readonly without?: readonly string[];
}

/** One statement of a batch: all rows that match its filter. */
export interface Change {
  readonly filter: Filter;
  readonly update: Update;
}

export interface ChangesMade {
  /** Rows that matched, over all statements. */
  readonly matched: number;
  /** Statements that met a key somebody else has; what they had written before that may stand. */
  readonly duplicates: readonly number[];
}

/** The rows of one collection. Every method is one round trip (two, where the server gave up a deadlock), and throws `AppError`. */
export interface Rows<Row> {
  find(filter: Filter, options?: FindOptions): Promise<Row[]>;
  /** Inserts all it can, and returns the indexes of those whose key was taken. */
  insert(rows: readonly Row[]): Promise<readonly number[]>;
  /** How many rows matched. */
  updateMany(filter: Filter, update: Update): Promise<number>;
  /** Changes one row, and returns it as it then is; null: none matched. Never an upsert. */
  updateAndRead(filter: Filter, update: Update): Promise<Row | null>;
  /** Statements in one unordered batch. */
  updateEach(changes: readonly Change[]): Promise<ChangesMade>;
  /** Inserts or replaces by id. */
  put(rows: readonly (Row & { readonly _id: string })[]): Promise<void>;
  deleteMany(filter: Filter): Promise<number>;
  /** Deletes what matches any of them, in one unordered batch. Returns how many rows that were. */
  deleteEach(filters: readonly Filter[]): Promise<number>;
  /** Rows that match, counted by one of their fields. */
  countBy(field: string, filter: Filter): Promise<Readonly<Record<string, number>>>;
}

export interface RowsOptions {
  readonly statementMs?: number | undefined;
  /** Told of every write, whether it was taken. */
  readonly watch?: WriteWatch | undefined;
}

/** Times a statement is sent again after the server gave it up for another. */
const CONFLICTS_MAX = 8;

/** Reads are lean; batches go to the driver as they are, because casting thousands of rows costs more than writing them. */
export function createRows<Row>(model: Model<unknown>, { statementMs, watch }: RowsOptions = {}): Rows<Row> {
  const {
    collection,
    collection: { collectionName: name },
  } = model;
  const asked = askingWithin(statementMs);
  const written = watch === undefined ? asked : watching(watch, asked);
  return {
    find: (filter, { sort, limit, fields, without } = {}) =>
      asked(`find ${name}`, async () => {
        const query = model.find(filter as never, projectionOf(fields, 1) ?? projectionOf(without, 0));
        if (sort !== undefined) query.sort(sort);
        if (limit !== undefined) query.limit(limit).batchSize(limit);
        return (await query.lean()) as unknown as Row[];
      }),
    insert: (rows) => written(`insert ${name}`, () => insertRows(collection, rows)),
    updateMany: (filter, update) =>
      written(`update ${name}`, async () => (await model.updateMany(filter as never, update as never)).matchedCount),
    updateAndRead: (filter, update) =>
      written(
        `update ${name}`,
        async () => (await model.findOneAndUpdate(filter as never, update as never, { returnDocument: "after" }).lean()) as Row | null,
      ),
    updateEach: (changes) => written(`update ${name}`, () => updateRows(collection, changes)),
    put: (rows) => written(`put ${name}`, () => putRows(collection, rows)),
    deleteMany: (filter) => written(`delete ${name}`, async () => (await model.deleteMany(filter as never)).deletedCount),
    deleteEach: (filters) => written(`delete ${name}`, () => deleteRows(collection, filters)),
    countBy: (field, filter) =>
      asked(`count ${name}`, async () => {
        const groups = await model.aggregate<{ _id: string; rows: number }>([
          { $match: filter },
          { $group: { _id: `$${field}`, rows: { $sum: 1 } } },
        ]);
        return Object.fromEntries(groups.map(({ _id, rows }) => [_id, rows]));
      }),
  };
}

const projectionOf = (fields: readonly string[] | undefined, kept: 0 | 1): Record<string, 0 | 1> | null =>
  fields === undefined ? null : Object.fromEntries(fields.map((field) => [field, kept]));

type Ask = <Answer>(deed: string, send: () => Promise<Answer>) => Promise<Answer>;

/** A write that the server refuses, as it does all, is no fault of the statement: it may be taken later. */
const watching =
  (watch: WriteWatch, ask: Ask): Ask =>
  async (deed, send) => {
    let why: string | null = null;
    const answer = await ask(deed, async () => {
      try {
        return await send();
      } catch (fault) {
        why = watch.failed(fault);
        throw fault;
      }
    }).catch((fault: unknown) => {
      throw why === null ? fault : new AppError("store_unavailable", `${deed}: ${why}`, { retryable: true, cause: fault });
    });
    watch.taken();
    return answer;
  };

/** Sends a statement, again while the server gives it up, all within its time. Every one here is a compare-and-set, or harmless to repeat. */
const askingWithin =
  (statementMs: number = STATEMENT_MS_MAX): Ask =>
  async (deed, send) => {
    const untilMs = systemClock.monotonicMs() + statementMs;
    for (let conflicts = 0; ; conflicts += 1) {
      try {
        return await answeredWithin(deed, send(), untilMs - systemClock.monotonicMs());
      } catch (fault) {
        if (!isConflict(fault) || conflicts >= CONFLICTS_MAX || systemClock.monotonicMs() >= untilMs) throw storeFault(fault, deed);
        await pauseAfter(conflicts);
      }
    }
  };

/** The longest first pause. */
const CONFLICT_PAUSE_MS = 20;

/** A pause of random length: writers that met at one key would meet there again if all came back at once. */
const pauseAfter = (conflicts: number): Promise<void> =>
  new Promise(
    (resolve) => void systemClock.setTimer(systemEntropy.random() * backoffMs(conflicts + 1, CONFLICT_PAUSE_MS, Infinity), resolve),
  );

type Collection = Model<unknown>["collection"];

async function insertRows(collection: Collection, rows: readonly unknown[]): Promise<readonly number[]> {
  if (rows.length === 0) return [];
  try {
    await collection.insertMany([...rows] as Document[], { ordered: false });
    return [];
  } catch (fault) {
    const duplicates = duplicatesOf(fault);
    if (duplicates === null) throw fault;
    return duplicates;
  }
}

async function updateRows(collection: Collection, changes: readonly Change[]): Promise<ChangesMade> {
  if (changes.length === 0) return { matched: 0, duplicates: [] };
  try {
    const statements = changes.map((updateMany) => ({ updateMany })) as unknown as AnyBulkWriteOperation[];
    const { matchedCount } = await collection.bulkWrite(statements as never, { ordered: false });
    return { matched: matchedCount, duplicates: [] };
  } catch (fault) {
    const duplicates = duplicatesOf(fault);
    if (duplicates === null) throw fault;
    const { result } = fault as { readonly result?: { readonly matchedCount?: number } };
    return { matched: result?.matchedCount ?? 0, duplicates };
  }
}

async function deleteRows(collection: Collection, filters: readonly Filter[]): Promise<number> {
  if (filters.length === 0) return 0;
  const statements = filters.map((filter) => ({ deleteMany: { filter } })) as unknown as AnyBulkWriteOperation[];
  return (await collection.bulkWrite(statements as never, { ordered: false })).deletedCount;
}

/** An upsert that loses a race answers with a duplicate: the row is there now, so it is replaced the second time. */
async function putRows(collection: Collection, rows: readonly { readonly _id: string }[]): Promise<void> {
  if (rows.length === 0) return;
  const statements = rows.map((row) => ({ replaceOne: { filter: { _id: { $eq: row._id } }, replacement: row, upsert: true } }));
  try {
    await collection.bulkWrite(statements as never, { ordered: false });
  } catch (fault) {
    if (duplicatesOf(fault) === null && !isDuplicate(fault)) throw fault;
    await collection.bulkWrite(statements as never, { ordered: false });
  }
}
