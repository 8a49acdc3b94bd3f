import type { AnyBulkWriteOperation, Document, Model } from "mongoose";
import { findDuplicates, isDuplicate } from "../server/faults.ts";
import { sendWatched, sendWithin } from "../server/statements.ts";
import type { WriteWatch } from "../server/write-watch.ts";

/** Conditions in the server's own syntax. Values from outside are always given to an explicit operator (`$eq`, `$in`, …). */
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
  /** Statements that failed on a key of another row; their earlier writes may stay. */
  readonly duplicates: readonly number[];
}

/**
 * The rows of one collection. Every method is one round trip (two, if the server aborted a deadlock), and throws `AppError`. An empty
 * batch is not sent, nor is a filter that lists no values for a field: it matches nothing.
 */
export interface Rows<Row> {
  find(filter: Filter, options?: FindOptions): Promise<Row[]>;
  /** Inserts all it can, and returns the indexes of those whose key was taken. */
  insert(rows: readonly Row[]): Promise<readonly number[]>;
  /** How many rows matched. */
  updateMany(filter: Filter, update: Update): Promise<number>;
  /** Changes one row, and returns the changed row; null: none matched. Never an upsert. */
  updateAndRead(filter: Filter, update: Update): Promise<Row | null>;
  /** Statements in one unordered batch. */
  updateEach(changes: readonly Change[]): Promise<ChangesMade>;
  /** Inserts or replaces by id. */
  put(rows: readonly (Row & { readonly _id: string })[]): Promise<void>;
  deleteMany(filter: Filter): Promise<number>;
  /** Deletes the rows that match any of them, in one unordered batch. Returns their number. */
  deleteEach(filters: readonly Filter[]): Promise<number>;
  /** Rows that match, counted by one of their fields. */
  countBy(field: string, filter: Filter): Promise<Readonly<Record<string, number>>>;
}

export interface RowsOptions {
  readonly statementMs?: number | undefined;
  /** Records for every write whether it was accepted. */
  readonly watch?: WriteWatch | undefined;
}

/** In filters: these ids, always in the same order, so that two statements never deadlock. */
export const withIds = (ids: Iterable<string>) => ({ _id: { $in: [...ids].sort() } });

/** In filters: these values. A field that is undefined may have any. */
export const equal = (values: Readonly<Record<string, string | number | undefined>>): Filter =>
  Object.fromEntries(Object.entries(values).flatMap(([field, value]) => (value === undefined ? [] : [[field, { $eq: value }]])));

/** One of its conditions lists no values. */
export const matchesNothing = (filter: Filter): boolean =>
  Object.values(filter).some((condition) => (condition as { readonly $in?: readonly unknown[] } | null)?.$in?.length === 0);

/** Rows by their ids. */
export const byId = <Row extends { readonly _id: string }>(rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [row._id, row]));

/** Rows in the order of their ids. */
export const inOrder = <Row extends { readonly _id: string }>(rows: Iterable<Row>): Row[] =>
  [...rows].sort((left, right) => (left._id < right._id ? -1 : 1));

/** Reads are lean; batches go to the driver as they are, because casting thousands of rows costs more than writing them. */
export function createRows<Row>(model: Model<unknown>, { statementMs, watch }: RowsOptions = {}): Rows<Row> {
  const { collection } = model;
  const { collectionName: name } = collection;
  const send = sendWithin(statementMs);
  const write = watch === undefined ? send : sendWatched(watch, send);
  return {
    async find(filter, { sort, limit, fields, without } = {}) {
      if (matchesNothing(filter)) return [];
      return send(`find ${name}`, async () => {
        const query = model.find(filter as never, toProjection(fields, 1) ?? toProjection(without, 0));
        if (sort !== undefined) query.sort(sort);
        if (limit !== undefined) query.limit(limit).batchSize(limit);
        return (await query.lean()) as unknown as Row[];
      });
    },
    async insert(rows) {
      return rows.length === 0 ? [] : write(`insert ${name}`, () => insertRows(collection, rows));
    },
    async updateMany(filter, update) {
      if (matchesNothing(filter)) return 0;
      return write(`update ${name}`, async () => (await model.updateMany(filter as never, update as never)).matchedCount);
    },
    updateAndRead: (filter, update) =>
      write(
        `update ${name}`,
        async () => (await model.findOneAndUpdate(filter as never, update as never, { returnDocument: "after" }).lean()) as Row | null,
      ),
    async updateEach(changes) {
      return changes.length === 0 ? { matched: 0, duplicates: [] } : write(`update ${name}`, () => updateRows(collection, changes));
    },
    async put(rows) {
      if (rows.length > 0) await write(`put ${name}`, () => putRows(collection, rows));
    },
    async deleteMany(filter) {
      if (matchesNothing(filter)) return 0;
      return write(`delete ${name}`, async () => (await model.deleteMany(filter as never)).deletedCount);
    },
    async deleteEach(filters) {
      const statements = filters.map((filter) => ({ deleteMany: { filter } }));
      return filters.length === 0 ? 0 : write(`delete ${name}`, async () => (await writeEach(collection, statements)).deletedCount);
    },
    countBy: (field, filter) =>
      send(`count ${name}`, async () => {
        const groups = await model.aggregate<{ _id: string; rows: number }>([
          { $match: filter },
          { $group: { _id: `$${field}`, rows: { $sum: 1 } } },
        ]);
        return Object.fromEntries(groups.map(({ _id, rows }) => [_id, rows]));
      }),
  };
}

const toProjection = (fields: readonly string[] | undefined, kept: 0 | 1): Record<string, 0 | 1> | null =>
  fields === undefined ? null : Object.fromEntries(fields.map((field) => [field, kept]));

type Collection = Model<unknown>["collection"];

async function insertRows(collection: Collection, rows: readonly unknown[]): Promise<readonly number[]> {
  try {
    await collection.insertMany([...rows] as Document[], { ordered: false });
    return [];
  } catch (fault) {
    const duplicates = findDuplicates(fault);
    if (duplicates === null) throw fault;
    return duplicates;
  }
}

async function updateRows(collection: Collection, changes: readonly Change[]): Promise<ChangesMade> {
  try {
    const { matchedCount } = await writeEach(
      collection,
      changes.map((updateMany) => ({ updateMany })),
    );
    return { matched: matchedCount, duplicates: [] };
  } catch (fault) {
    const duplicates = findDuplicates(fault);
    if (duplicates === null) throw fault;
    const { result } = fault as { readonly result?: { readonly matchedCount?: number } };
    return { matched: result?.matchedCount ?? 0, duplicates };
  }
}

/** An upsert that loses a race answers with a duplicate: the row is there now, so it is replaced the second time. */
async function putRows(collection: Collection, rows: readonly { readonly _id: string }[]): Promise<void> {
  const statements = rows.map((row) => ({ replaceOne: { filter: { _id: { $eq: row._id } }, replacement: row, upsert: true } }));
  try {
    await writeEach(collection, statements);
  } catch (fault) {
    if (findDuplicates(fault) === null && !isDuplicate(fault)) throw fault;
    await writeEach(collection, statements);
  }
}

const writeEach = (collection: Collection, statements: readonly unknown[]) =>
  collection.bulkWrite(statements as AnyBulkWriteOperation[] as never, { ordered: false });
