import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../../domain/app-error.ts";
import { SCHEMA_1 } from "./001-first-release.ts";
import { OVERLAP_POLICIES_2 } from "./002-overlap-policies.ts";
import { keysAsJson, PLAIN_TABLES_3 } from "./003-plain-tables.ts";
import { PRIORITIES_4 } from "./004-priorities.ts";

/** Each brings a file from the version before it to its own, which is its place in the list, from 1. Never edited once released. */
const MIGRATIONS: readonly string[] = [SCHEMA_1, OVERLAP_POLICIES_2, PLAIN_TABLES_3, PRIORITIES_4];

/** The version this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the file up to date, each step in a transaction of its own, so that a crash in between repeats only one. */
export function migrate(db: DatabaseSync, file: string): void {
  const version = fileVersion(db);
  if (version > SCHEMA_VERSION) {
    throw new AppError(
      "store_corrupt",
      `${file} was written by a newer Tickline (schema ${version}, this one knows ${SCHEMA_VERSION}): start that version, or use another data folder`,
    );
  }
  db.function("keys_as_json", { deterministic: true }, keysAsJson);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
  if (version < SCHEMA_VERSION) giveBack(db);
}

/** Gives the room of tables that are gone back to the disk. Without it the file is as right, and longer. */
function giveBack(db: DatabaseSync): void {
  try {
    db.exec("VACUUM");
  } catch {
    // As where the disk has no room for a copy.
  }
}

function fileVersion(db: DatabaseSync): number {
  const row = db.prepare("PRAGMA user_version").get();
  return Number(row?.["user_version"] ?? 0);
}
