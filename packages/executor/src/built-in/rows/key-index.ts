import { canonicalJson, type JsonValue } from "@tickline/shared/domain/json/json";
import { readColumn, type Row } from "./row.ts";

/** Values by the values of some columns of a row. A column that a row does not have counts as null. */
export interface KeyIndex<Value> {
  get(row: Row): Value | undefined;
  /** The value of the row's key; the first time it is made. */
  getOrMake(row: Row, make: () => Value): Value;
}

type Level = Map<unknown, unknown>;

/** A map for each column, inside that of the column before it: no text has to be made of each row. */
export function createKeyIndex<Value>(columns: readonly string[]): KeyIndex<Value> {
  const readers = columns.map(readColumn);
  const last = readers.pop();
  const keyOf = createKeys();
  const root: Level = new Map();
  const readLast = (row: Row): unknown => (last === undefined ? null : keyOf(last(row)));
  return {
    get(row) {
      let level: Level | undefined = root;
      for (const read of readers) level = level?.get(keyOf(read(row))) as Level | undefined;
      return level?.get(readLast(row)) as Value | undefined;
    },
    getOrMake(row, make) {
      let level = root;
      for (const read of readers) level = take(level, keyOf(read(row)), () => new Map()) as Level;
      return take(level, readLast(row), make) as Value;
    },
  };
}

function take(level: Level, key: unknown, make: () => unknown): unknown {
  let value = level.get(key);
  if (value === undefined) level.set(key, (value = make()));
  return value;
}

/** Makes keys of a `Map` or `Set` that are equal for equal values. Scalars are their own keys; an object or list gets one symbol for its content. */
export function createKeys(): (value: JsonValue | undefined) => unknown {
  const structures = new Map<string, symbol>();
  return (value) => {
    if (value === undefined) return null;
    return typeof value === "object" && value !== null ? take(structures as Level, canonicalJson(value), Symbol) : value;
  };
}
