import type { Collections } from "./collections.ts";
import type { StoreContext } from "./context.ts";
import { createDefinitions } from "./definitions.ts";
import { createHeldClaims } from "./held-claims.ts";
import { matches, projected, sorted, updated } from "./memory-statements.test-support.ts";
import type { Change, Filter, FindOptions, Rows, Update } from "./rows.ts";
import { sha256 } from "../system/digest.ts";

/** A statement as a test hears of it. */
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
  /** What stands there, in the order of insertion. */
  all(): Row[];
}

/** `before` is told of every statement, one by one within a batch, and may change what the statement then meets. */
export function memoryRows<Row>(collection: string, before: (statement: Statement) => void = () => {}): MemoryRows<Row> {
  const rows = new Map<string, Stored>();
  const found = (filter: Filter): Stored[] => [...rows.values()].filter((row) => matches(row, filter));
  const change = (method: Statement["method"], { filter, update }: Change): number => {
    before({ collection, method, filter, update });
    const hit = found(filter);
    for (const row of hit) rows.set(row._id, updated(row, update));
    return hit.length;
  };
  const remove = (method: Statement["method"], filter: Filter): number => {
    before({ collection, method, filter });
    const hit = found(filter);
    for (const { _id } of hit) rows.delete(_id);
    return hit.length;
  };
  return {
    all: () => structuredClone([...rows.values()]) as Row[],
    async find(filter, options = {}) {
      before({ collection, method: "find", filter, options });
      const inOrder = sorted(found(filter), options.sort ?? {}).slice(0, options.limit);
      return inOrder.map((row) => projected(row, options.fields)) as Row[];
    },
    async insert(inserted) {
      before({ collection, method: "insert" });
      const taken: number[] = [];
      for (const [index, row] of (structuredClone(inserted) as readonly Stored[]).entries()) {
        if (rows.has(row._id)) taken.push(index);
        else rows.set(row._id, row);
      }
      return taken;
    },
    updateMany: async (filter, update) => change("updateMany", { filter, update }),
    async updateAndRead(filter, update) {
      const ids = found(filter).map(({ _id }) => _id);
      if (change("updateAndRead", { filter, update }) === 0) return null;
      return structuredClone(rows.get(ids[0] ?? "")) as Row;
    },
    async updateEach(changes) {
      let matched = 0;
      for (const each of changes) matched += change("updateEach", each);
      return { matched, duplicates: [] };
    },
    async put(replaced) {
      before({ collection, method: "put" });
      for (const row of structuredClone(replaced)) rows.set(row._id, row);
    },
    deleteMany: async (filter) => remove("deleteMany", filter),
    deleteEach: async (filters) => filters.reduce((gone, filter) => gone + remove("deleteEach", filter), 0),
    async countBy(field, filter) {
      before({ collection, method: "countBy", filter });
      const counts: Record<string, number> = {};
      for (const row of found(filter)) {
        const value = String((row as unknown as Record<string, unknown>)[field]);
        counts[value] = (counts[value] ?? 0) + 1;
      }
      return counts;
    },
  };
}

type MemoryCollections = { readonly [Name in keyof Collections]: Collections[Name] extends Rows<infer Row> ? MemoryRows<Row> : never };

export interface MemoryContext extends StoreContext {
  readonly rows: MemoryCollections;
}

/** What the ports of a store share, over rows in memory. Tokens are `token-1`, `token-2`, … */
export function memoryContext(before: (statement: Statement) => void = () => {}): MemoryContext {
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
    serverNow: async () => 0,
    aside: () => {},
    crashBeforeRuns: () => false,
  };
}
