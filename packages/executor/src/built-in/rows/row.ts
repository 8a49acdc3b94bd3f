import type { JsonValue } from "@tickline/shared/domain/json/json";
import { z } from "zod";

/** One record of data: a JSON value for each column. Rows of one list may have different columns. */
export type Row = { readonly [column: string]: JsonValue };
/** A row that is being made. */
export type NewRow = Record<string, JsonValue>;

/** Longest name of a column, in characters. */
const COLUMN_LENGTH_MAX = 200;

/** A row is an ordinary object, in which this name would set the prototype. */
export const isColumnName = (name: string): boolean => name !== "__proto__";

export const ColumnSchema = z
  .string()
  .min(1)
  .max(COLUMN_LENGTH_MAX)
  .regex(/^(?!__proto__$)/, "is no name for a column")
  .meta({ description: "The name of a column." });

/** Undefined: the row has no such column. */
export type ReadColumn = (row: Row) => JsonValue | undefined;

/** Members that every object inherits are no columns. Other names are read directly, which is faster. */
export const readColumn = (name: string): ReadColumn =>
  name in Object.prototype ? (row) => (Object.hasOwn(row, name) ? row[name] : undefined) : (row) => row[name];
