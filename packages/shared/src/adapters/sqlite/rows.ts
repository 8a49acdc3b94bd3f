import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** `scheduledFor` -> `scheduled_for`: fields and columns have the same names, each in the style of its language. */
export const toColumnName = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `table.column AS field` for each field. */
export const selected = (table: string, fields: readonly string[]): string =>
  fields.map((field) => `${table}.${toColumnName(field)} AS ${field}`).join(", ");

/** A prepared query. Each of its rows is an object of this shape. */
export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
}

/**
 * Prepares a query. Limits are written `LIMIT ? + 0`: SQLite plans a statement anew for each value of a bare `LIMIT ?`, which took 38 us where the
 * query itself takes 2. An integer beyond the safe integers of JavaScript, which only damage to the file can cause, becomes `NaN`: then the row is
 * reported as unreadable, and no other row is affected.
 */
export function query<Row>(db: DatabaseSync, sql: string): Query<Row> {
  const statement = db.prepare(sql);
  return {
    get: (...values) => orDamaged(statement, () => statement.get(...values)) as Row | undefined,
    all: (...values) => orDamaged(statement, () => statement.all(...values)) as Row[],
    *iterate(...values) {
      const walk = db.prepare(sql); // A statement of its own: another call must not reset a running iteration.
      walk.setReadBigInts(true);
      for (const row of walk.iterate(...values)) yield withNumbers(row) as Row;
    },
  };
}

function orDamaged(statement: StatementSync, read: () => unknown): unknown {
  try {
    return read();
  } catch (fault) {
    if ((Object(fault) as { readonly code?: unknown }).code !== "ERR_OUT_OF_RANGE") throw fault;
  }
  statement.setReadBigInts(true);
  try {
    const found = read();
    return Array.isArray(found) ? found.map(withNumbers) : withNumbers(found);
  } finally {
    statement.setReadBigInts(false);
  }
}

const withNumbers = (row: unknown): unknown =>
  Array.isArray(row)
    ? row.map((value) => (typeof value === "bigint" ? toNumber(value) : value))
    : Object.fromEntries(Object.entries(row ?? {}).map(([field, value]) => [field, typeof value === "bigint" ? toNumber(value) : value]));

const toNumber = (value: bigint): number => (Number.isSafeInteger(Number(value)) ? Number(value) : Number.NaN);

/** A nested value as a column stores it: JSON text, or null for null. */
export const toJson = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));
