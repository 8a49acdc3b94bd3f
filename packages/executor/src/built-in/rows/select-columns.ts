import { JsonSchema, type JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import { expectColumns } from "./expected-columns.ts";
import { ColumnSchema, readColumn, type NewRow, type Row } from "./row.ts";
import type { RowSink, StepContext } from "./row-sink.ts";
import { excerpt, RowsFault } from "./rows-fault.ts";

const COLUMNS_MAX = 500;

export const SelectSchema = z
  .array(
    z.union([
      ColumnSchema,
      z.strictObject({ column: ColumnSchema, as: ColumnSchema }),
      z.strictObject({ constant: JsonSchema, as: ColumnSchema }),
    ]),
  )
  .min(1)
  .max(COLUMNS_MAX);
export type SelectDefinition = z.output<typeof SelectSchema>;

/** Rows of these columns in this order: copied, renamed, or with one value for all rows. */
export function selectColumns(definition: SelectDefinition, next: RowSink, { where }: StepContext): RowSink {
  const taken = definition.flatMap((item) => (typeof item === "string" ? item : "column" in item ? item.column : []));
  const columns = definition.map((item) => {
    if (typeof item === "string") return { as: item, read: readColumn(item) };
    if ("column" in item) return { as: item.as, read: readColumn(item.column) };
    return { as: item.as, read: () => item.constant };
  });
  const expected = expectColumns(where, taken);
  return eachRow({ next, expected }, (row) => {
    const made: NewRow = {};
    for (const { as, read } of columns) made[as] = read(row) ?? null;
    return made;
  });
}

export const ConvertSchema = z.record(ColumnSchema, z.enum(["number", "text"]));
export type ConvertDefinition = z.output<typeof ConvertSchema>;

/** Makes numbers of texts, and texts of numbers. Null and missing values stay as they are; an empty text is no number, but null. */
export function convertColumns(definition: ConvertDefinition, next: RowSink, { where }: StepContext): RowSink {
  const columns = Object.entries(definition).map(([name, to]) => ({ name, read: readColumn(name), to }));
  const expected = expectColumns(where, Object.keys(definition));
  let rowNumber = 0;
  return eachRow({ next, expected }, (row) => {
    rowNumber += 1;
    const made: NewRow = { ...row };
    for (const { name, read, to } of columns) {
      const value = read(row);
      if (value === undefined || value === null) continue;
      const converted = to === "text" ? toText(value) : toNumber(value);
      if (converted === undefined) throw new RowsFault(`${where}: row ${rowNumber} has ${excerpt(value)} in "${name}", which is no number`);
      made[name] = converted;
    }
    return made;
  });
}

const toText = (value: JsonValue): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Undefined: it is no number. Digits beyond the precision of a number are rounded, because a number was asked for. */
function toNumber(value: JsonValue): number | null | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "") return null;
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

interface EachRow {
  readonly next: RowSink;
  readonly expected: { look(row: Row): void; check(): void };
}

function eachRow({ next, expected }: EachRow, change: (row: Row) => Row): RowSink {
  return {
    get full() {
      return next.full;
    },
    push(row) {
      expected.look(row);
      next.push(change(row));
    },
    end() {
      expected.check();
      next.end();
    },
  };
}
