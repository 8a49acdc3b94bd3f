import type { Row } from "./row.ts";
import { RowsFault } from "./rows-fault.ts";

/** Names of columns that a message lists. */
const LISTED_MAX = 30;

export interface ExpectedColumns {
  /** To be called with each row, before it is used. */
  look(row: Row): void;
  /** To be called after the last row. Throws `bad_rows` if rows were seen, and none of them has one of the columns. */
  check(): void;
}

/**
 * Detects names that are written wrongly. Rows may have different columns, so only a column that no row has is a fault. Usually the first row has all
 * columns, and the later ones cost nothing.
 */
export function expectColumns(where: string, names: readonly string[]): ExpectedColumns {
  const known = new Set<string>();
  let missing = [...new Set(names)];
  let looked = false;
  return {
    look(row) {
      if (missing.length === 0) return;
      looked = true;
      missing = missing.filter((name) => !Object.hasOwn(row, name));
      for (const name of Object.keys(row)) if (known.size <= LISTED_MAX) known.add(name);
    },
    check() {
      if (looked && missing.length > 0) throw new RowsFault(`${where}: no row has ${listed("column", missing)}; ${theColumns(known)}`);
    },
  };
}

const listed = (noun: string, names: readonly string[]): string =>
  `${names.length === 1 ? `the ${noun}` : `the ${noun}s`} ${names.map((name) => JSON.stringify(name)).join(", ")}`;

function theColumns(known: ReadonlySet<string>): string {
  if (known.size === 0) return "the rows have no columns";
  const shown = [...known].slice(0, LISTED_MAX).map((name) => JSON.stringify(name));
  return `the columns are ${shown.join(", ")}${known.size > LISTED_MAX ? ", and more" : ""}`;
}
