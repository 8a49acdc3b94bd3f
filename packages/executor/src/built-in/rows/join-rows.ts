import { z } from "zod";
import { expectColumns } from "./expected-columns.ts";
import { createKeyIndex, type KeyIndex } from "./key-index.ts";
import { ColumnSchema, isColumnName, readColumn, type NewRow, type Row } from "./row.ts";
import type { RowSink, RowSources, StepContext } from "./row-sink.ts";
import { RowsFault } from "./rows-fault.ts";

const ON_MAX = 20;
const PREFIX_LENGTH_MAX = 50;

export const JoinSchema = z.strictObject({
  with: z.string().min(1).meta({ description: "The name of the other source." }),
  on: z
    .record(ColumnSchema, ColumnSchema)
    .refine((on) => Object.keys(on).length > 0 && Object.keys(on).length <= ON_MAX, `must name from 1 to ${ON_MAX} columns`)
    .meta({ description: "Columns of the rows, each with the column of the other source that it must equal." }),
  kind: z.enum(["inner", "left"]).default("inner"),
  prefix: z.string().max(PREFIX_LENGTH_MAX).default("").meta({ description: "Put before the names of the columns of the other source." }),
});
export type JoinDefinition = z.output<typeof JoinSchema>;

/** Each row, with the columns of each row of the other source that it matches. Null matches nothing, as in SQL. */
export function joinRows(definition: JoinDefinition, next: RowSink, { where, sources }: StepContext): RowSink {
  const { on, kind, prefix } = definition;
  const others = toOthers(definition, { where, sources });
  const added = addedColumns(others, { keys: Object.values(on), prefix });
  if (!added.every(({ name }) => isColumnName(name))) throw new RowsFault(`${where}: the prefix makes a name that no column may have`);
  const matches = indexOthers(others, Object.values(on));
  const toKey = keyMaker(on);
  const expected = expectColumns(where, Object.keys(on));

  /** `other` null: the columns are added, with nothing in them. */
  function join(row: Row, other: Row | null): Row {
    const joined: NewRow = { ...row };
    for (const { name, from } of added) {
      if (Object.hasOwn(row, name))
        throw new RowsFault(`${where}: both have the column "${name}"; give the columns of "${definition.with}" a "prefix"`);
      joined[name] = other?.[from] ?? null;
    }
    return joined;
  }
  return {
    get full() {
      return next.full;
    },
    push(row) {
      expected.look(row);
      const key = toKey(row);
      const found = key === null ? undefined : matches.get(key);
      if (found === undefined) {
        if (kind === "left") next.push(join(row, null));
        return;
      }
      for (const other of found) {
        if (next.full) return;
        next.push(join(row, other));
      }
    },
    end() {
      expected.check();
      next.end();
    },
  };
}

function toOthers(definition: JoinDefinition, { where, sources }: StepContext): readonly Row[] {
  const others = ownSource(sources, definition.with);
  if (others === undefined) {
    const names = Object.keys(sources).map((name) => `"${name}"`);
    const there = names.length === 0 ? "no other source is defined" : `the sources are ${names.join(", ")}`;
    throw new RowsFault(`${where}: there is no source "${definition.with}"; ${there}`);
  }
  const expected = expectColumns(`${where}, source "${definition.with}"`, Object.values(definition.on));
  for (const other of others) expected.look(other);
  expected.check();
  return others;
}

const ownSource = (sources: RowSources, name: string): readonly Row[] | undefined =>
  Object.hasOwn(sources, name) ? sources[name] : undefined;

interface AddedColumn {
  readonly name: string;
  readonly from: string;
}

/** All columns of the other source, except those that are compared: the rows have their values already. */
function addedColumns(
  others: readonly Row[],
  { keys, prefix }: { readonly keys: readonly string[]; readonly prefix: string },
): AddedColumn[] {
  const names = new Set<string>();
  for (const other of others) for (const name of Object.keys(other)) names.add(name);
  for (const key of keys) names.delete(key);
  return [...names].map((from) => ({ name: prefix + from, from }));
}

function indexOthers(others: readonly Row[], columns: readonly string[]): KeyIndex<Row[]> {
  const index = createKeyIndex<Row[]>(columns);
  const readers = columns.map(readColumn);
  for (const other of others) {
    if (readers.some((read) => (read(other) ?? null) === null)) continue;
    index.getOrMake(other, () => []).push(other);
  }
  return index;
}

/** A row with the names of the other source; null: a value is missing, so nothing matches. */
function keyMaker(on: JoinDefinition["on"]): (row: Row) => Row | null {
  const pairs = Object.entries(on).map(([own, other]) => ({ read: readColumn(own), other }));
  return (row) => {
    const key: NewRow = {};
    for (const { read, other } of pairs) {
      const value = read(row) ?? null;
      if (value === null) return null;
      key[other] = value;
    }
    return key;
  };
}
