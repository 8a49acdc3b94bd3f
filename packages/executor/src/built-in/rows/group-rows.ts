import type { JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { AggregateSchema, compileAggregate, NoNumber, type Aggregate } from "./aggregate.ts";
import { expectColumns } from "./expected-columns.ts";
import { createKeyIndex } from "./key-index.ts";
import { ColumnSchema, readColumn, type NewRow, type ReadColumn, type Row } from "./row.ts";
import type { RowSink, StepContext } from "./row-sink.ts";
import { excerpt, RowsFault } from "./rows-fault.ts";

const BY_MAX = 20;
const AGGREGATES_MAX = 100;

export const GroupSchema = z.strictObject({
  by: z
    .array(ColumnSchema)
    .max(BY_MAX)
    .default([])
    .meta({ description: "Rows with equal values in these columns are one group. None: all rows are one group." }),
  aggregates: z
    .record(ColumnSchema, AggregateSchema)
    .default({})
    .refine((aggregates) => Object.keys(aggregates).length <= AGGREGATES_MAX, `must be at most ${AGGREGATES_MAX}`)
    .meta({ description: "New columns, each with its function and the column that it is computed from." }),
});
export type GroupDefinition = z.output<typeof GroupSchema>;

interface AggregateColumn {
  readonly name: string;
  readonly label: string;
  readonly read: ReadColumn;
  readonly make: () => Aggregate;
}

interface Group {
  readonly key: readonly JsonValue[];
  readonly aggregates: readonly Aggregate[];
}

/** One row for each group, in the order of their first rows. */
export function groupRows({ by, aggregates }: GroupDefinition, next: RowSink, { where }: StepContext): RowSink {
  const columns = toColumns(aggregates, where);
  const readers = by.map(readColumn);
  const used = Object.values(aggregates).flatMap(({ column }) => column ?? []);
  const expected = expectColumns(where, [...by, ...used]);
  const index = createKeyIndex<Group>(by);
  const groups: Group[] = [];
  let rowNumber = 0;

  function open(key: readonly JsonValue[]): Group {
    const group = { key, aggregates: columns.map(({ make }) => make()) };
    groups.push(group);
    return group;
  }
  if (by.length === 0) index.getOrMake({}, () => open([])); // All rows are one group, also when there are none.
  return {
    full: false,
    push(row) {
      rowNumber += 1;
      expected.look(row);
      const group = index.getOrMake(row, () => open(readers.map((read) => read(row) ?? null)));
      addRow(row, group, { columns, where, rowNumber });
    },
    end() {
      expected.check();
      for (const group of groups) {
        if (next.full) break;
        next.push(toRow(group, { by, columns, where }));
      }
      next.end();
    },
  };
}

function toColumns(aggregates: GroupDefinition["aggregates"], where: string): AggregateColumn[] {
  return Object.entries(aggregates).map(([name, definition]) => {
    const { fn, column } = definition;
    if (column === undefined && fn !== "count") throw new RowsFault(`${where}: the aggregate "${name}" (${fn}) needs a "column"`);
    const read = column === undefined ? () => null : readColumn(column);
    return { name, label: `${fn} of "${column ?? "rows"}"`, read, make: compileAggregate(definition) };
  });
}

interface Grouping {
  readonly columns: readonly AggregateColumn[];
  readonly where: string;
}

function addRow(row: Row, { aggregates }: Group, { columns, where, rowNumber }: Grouping & { readonly rowNumber: number }): void {
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at];
    if (column === undefined) continue;
    try {
      aggregates[at]?.add(column.read(row));
    } catch (fault) {
      if (!(fault instanceof NoNumber)) throw fault;
      throw new RowsFault(
        `${where}: ${column.label} takes numbers, but row ${rowNumber} has ${excerpt(fault.value)}; filter such rows, or use "convert" before`,
      );
    }
  }
}

function toRow({ key, aggregates }: Group, { by, columns, where }: Grouping & { readonly by: readonly string[] }): Row {
  const row: NewRow = {};
  by.forEach((name, at) => (row[name] = key[at] ?? null));
  columns.forEach(({ name, label }, at) => {
    try {
      row[name] = aggregates[at]?.result() ?? null;
    } catch (fault) {
      if (!(fault instanceof RangeError)) throw fault;
      throw new RowsFault(`${where}: ${label}: ${fault.message}`);
    }
  });
  return row;
}
