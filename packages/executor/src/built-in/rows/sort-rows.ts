import { z } from "zod";
import { compareValues } from "./compare-values.ts";
import { expectColumns } from "./expected-columns.ts";
import { ColumnSchema, readColumn, type Row } from "./row.ts";
import type { RowSink, StepContext } from "./row-sink.ts";

const COLUMNS_MAX = 20;

const SortColumnSchema = z.union([
  ColumnSchema,
  z.strictObject({
    column: ColumnSchema,
    order: z.enum(["asc", "desc"]).default("asc"),
    nulls: z.enum(["first", "last"]).default("last").meta({ description: "Where rows without a value are put, whatever the order is." }),
  }),
]);
export const SortSchema = z.array(SortColumnSchema).min(1).max(COLUMNS_MAX);
export type SortDefinition = z.output<typeof SortSchema>;

type Compare = (left: Row, right: Row) => number;

/** All rows in order. Rows that are equal in all columns keep their order. */
export function sortRows(definition: SortDefinition, next: RowSink, { where }: StepContext): RowSink {
  const expected = expectColumns(where, definition.map(columnOf));
  const compares = definition.map(compileColumn);
  let rows: Row[] = [];
  return {
    full: false,
    push(row) {
      expected.look(row);
      rows.push(row);
    },
    end() {
      expected.check();
      for (const row of rows.sort((left, right) => compareRows(left, right, compares))) {
        if (next.full) break;
        next.push(row);
      }
      rows = [];
      next.end();
    },
  };
}

function compareRows(left: Row, right: Row, compares: readonly Compare[]): number {
  for (const compare of compares) {
    const order = compare(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

const columnOf = (sorted: SortDefinition[number]): string => (typeof sorted === "string" ? sorted : sorted.column);

function compileColumn(sorted: SortDefinition[number]): Compare {
  const { column, order, nulls } = typeof sorted === "string" ? { column: sorted, order: "asc", nulls: "last" } : sorted;
  const read = readColumn(column);
  const direction = order === "asc" ? 1 : -1;
  const nullOrder = nulls === "first" ? -1 : 1;
  return (first, second) => {
    const left = read(first) ?? null;
    const right = read(second) ?? null;
    if (left === null || right === null) return left === right ? 0 : left === null ? nullOrder : -nullOrder;
    return direction * compareValues(left, right);
  };
}
