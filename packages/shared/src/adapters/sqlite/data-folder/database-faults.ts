import { DatabaseSync } from "node:sqlite";

/** The damage to the structure of a database, in SQLite's words; at most `faultsMax`. It does not find changed values. It only reads: a connection that writes would delete the log when it is closed. */
export function databaseFaults(file: string, faultsMax: number): readonly string[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = db.prepare(`PRAGMA integrity_check(${faultsMax})`).all();
    return rows.map((row) => String(row["integrity_check"])).filter((text) => text !== "ok");
  } finally {
    db.close();
  }
}
