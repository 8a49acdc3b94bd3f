import type { OnUnreadable } from "../../../ports/unreadable.ts";
import type { Collections } from "./collections.ts";
import { createHeldClaims } from "../../../runtime/held-claims.ts";
import type { StoreContext } from "../context.ts";
import { createDefinitions } from "../jobs/definitions.ts";
import { INDEXES } from "./indexes.ts";
import { matches, projected, sorted, updated } from "./memory-statements.test-support.ts";
import { type Change, type Filter, type FindOptions, matchesNothing, type Rows, type Update } from "./rows.ts";
import { sha256 } from "../../system/digest.ts";

/** A statement as a test receives it. */
export interface Statement {
  readonly collection: string;
  readonly method: keyof Rows<unknown>;
  readonly filter?: Filter;
  readonly update?: Update;
  readonly options?: FindOptions;
}

interface Stored {
  readonly _id: string;
}

/** Rows of one collection in memory, with the statements that the adapter uses and no others. */
export interface MemoryRows<Row> extends Rows<Row> {
  /** The rows, in the order of insertion. */
  all(): Row[];
}

/** `before` is called with every statement, one by one within a batch, and may change the rows before the statement runs. */
export function memoryRows<Row>(collection: string, before: (statement: Statement) => void = () => {}): MemoryRows<Row> {
  const rows = new Map<string, Stored>();
  const { found, change, remove, add } = statementsOn(rows, { collection, before });
  return {
    all: () => structuredClone([...rows.values()]) as Row[],
    async find(filter, options = {}) {
      if (matchesNothing(filter)) return [];
      before({ collection, method: "find", filter, options });
      const inOrder = sorted(found(filter), options.sort ?? {}).slice(0, options.limit);
      return inOrder.map((row) => projected(row, options)) as Row[];
    },
    async insert(inserted) {
      if (inserted.length === 0) return [];
      before({ collection, method: "insert" });
      return (stored(inserted) as readonly Stored[]).flatMap((row, index) => (add(row) ? [] : [index]));
    },
    async updateMany(filter, update) {
      if (matchesNothing(filter)) return 0;
      const { matched, duplicate } = change("updateMany", { filter, update });
      if (duplicate) throw new Error(`update ${collection}: a key is taken`);
      return matched;
    },
    async updateAndRead(filter, update) {
      before({ collection, method: "updateAndRead", filter, update });
      const [first] = found(filter);
      if (first === undefined) return null;
      rows.set(first._id, updated(first, { filter, update }));
      return structuredClone(rows.get(first._id)) as Row;
    },
    async updateEach(changes) {
      const made = unordered(changes, (each) => change("updateEach", each));
      const duplicates = made.flatMap(({ duplicate }, index) => (duplicate ? [index] : []));
      return { matched: made.reduce((sum, { matched }) => sum + matched, 0), duplicates };
    },
    async put(replaced) {
      before({ collection, method: "put" });
      for (const row of stored(replaced) as readonly Stored[]) rows.set(row._id, row);
    },
    deleteMany: async (filter) => (matchesNothing(filter) ? 0 : remove("deleteMany", filter)),
    deleteEach: async (filters) => filters.reduce((gone, filter) => gone + remove("deleteEach", filter), 0),
    async countBy(field, filter) {
      before({ collection, method: "countBy", filter });
      const groups = Map.groupBy(found(filter), (row) => String((row as unknown as Readonly<Record<string, unknown>>)[field]));
      return Object.fromEntries([...groups].map(([value, group]) => [value, group.length]));
    },
  };
}

/** Performs the whole batch even if statements fail; then throws the first fault. */
function unordered<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Result[] {
  const faults: unknown[] = [];
  const done = items.flatMap((item) => {
    try {
      return [work(item)];
    } catch (fault) {
      faults.push(fault);
      return [];
    }
  });
  if (faults.length > 0) throw faults[0];
  return done;
}

function statementsOn(
  rows: Map<string, Stored>,
  { collection, before }: { readonly collection: string; readonly before: (statement: Statement) => void },
) {
  const taken = uniqueIn(collection, rows);
  const found = (filter: Filter): Stored[] => candidatesIn(rows, filter).filter((row) => matches(row, filter));
  return {
    found,
    /** False: its id, or another unique key, is taken. */
    add(row: Stored): boolean {
      if (rows.has(row._id) || taken(row)) return false;
      rows.set(row._id, row);
      return true;
    },
    /** Stops, as a server does, at the first row that would duplicate a key: earlier rows are changed. */
    change(method: Statement["method"], { filter, update }: Change): { readonly matched: number; readonly duplicate: boolean } {
      before({ collection, method, filter, update });
      let matched = 0;
      for (const row of found(filter)) {
        const next = updated(row, { filter, update });
        if (taken(next)) return { matched, duplicate: true };
        rows.set(row._id, next);
        matched += 1;
      }
      return { matched, duplicate: false };
    },
    remove(method: Statement["method"], filter: Filter): number {
      before({ collection, method, filter });
      const hit = found(filter);
      for (const { _id } of hit) rows.delete(_id);
      return hit.length;
    },
  };
}

/** The rows that a filter by ids can match, in the order of insertion; otherwise all. */
function candidatesIn(rows: ReadonlyMap<string, Stored>, { _id }: Filter): Stored[] {
  const { $eq, $in } = (_id ?? {}) as { readonly $eq?: string; readonly $in?: readonly string[] };
  if ($eq !== undefined) return [rows.get($eq)].filter((row) => row !== undefined);
  const all = [...rows.values()];
  if ($in === undefined) return all;
  const wanted = new Set($in);
  return all.filter((row) => wanted.has(row._id));
}

/** As the driver writes it: without undefined fields. */
const stored = (written: unknown): unknown => JSON.parse(JSON.stringify(written));

/** Whether another row has the key that this one would have in a unique index. */
function uniqueIn(collection: string, rows: ReadonlyMap<string, Stored>): (row: Stored) => boolean {
  const unique = (INDEXES[collection] ?? []).filter((index) => index.unique === true);
  return (row) =>
    unique.some(({ key, partialFilterExpression = {} }) => {
      if (!matches(row, partialFilterExpression)) return false;
      const readField = (each: object, field: string): unknown => (each as Readonly<Record<string, unknown>>)[field] ?? null;
      const wanted = Object.keys(key).map((field) => ({ field, value: readField(row, field) }));
      const hasSameKey = (each: Stored): boolean => wanted.every(({ field, value }) => readField(each, field) === value);
      return [...rows.values()].some((each) => each._id !== row._id && hasSameKey(each) && matches(each, partialFilterExpression));
    });
}

type MemoryCollections = { readonly [Name in keyof Collections]: Collections[Name] extends Rows<infer Row> ? MemoryRows<Row> : never };

export interface MemoryContext extends StoreContext {
  readonly rows: MemoryCollections;
}

/** The state that the ports of a store share, over rows in memory. Tokens are `token-1`, `token-2`, … The watermark exists, as after the migrations. */
export function memoryContext(
  before: (statement: Statement) => void = () => {},
  { serverNow = () => 0, onUnreadable = () => {} }: { readonly serverNow?: () => number; readonly onUnreadable?: OnUnreadable } = {},
): MemoryContext {
  const rows: MemoryCollections = {
    jobs: memoryRows("jobs", before),
    definitions: memoryRows("definitions", before),
    runs: memoryRows("runs", before),
    requests: memoryRows("requests", before),
    handlers: memoryRows("handlers", before),
    leaders: memoryRows("leaders", before),
    meta: memoryRows("meta", before),
  };
  let tokens = 0;
  const newToken = (): string => `token-${(tokens += 1)}`;
  return {
    rows,
    definitions: createDefinitions(rows, newToken),
    held: createHeldClaims(),
    digest: sha256,
    newToken,
    onUnreadable,
    serverNow: async () => serverNow(),
    aside: () => {},
    crashBeforeRuns: () => false,
  };
}
