import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import { RUN_STATE } from "./codes.ts";
import { SCHEMA_1 } from "./schema.ts";

/**
 * Policies of overlap that are not just exclusive or not. Since when a run of a later attempt is due was not written before, and it may
 * have waited long for its retry: it counts from now.
 */
const SCHEMA_2 = `
ALTER TABLE traits ADD COLUMN overlap TEXT NOT NULL DEFAULT 'skip';
UPDATE traits SET overlap = 'allow' WHERE exclusive = 0;
ALTER TABLE traits DROP COLUMN exclusive;
UPDATE runs SET extra = json_set(coalesce(extra, '{}'), '$.dueAt', CAST(unixepoch('subsec') * 1000 AS INTEGER))
  WHERE parked = 1 AND state = ${RUN_STATE.due} AND attempt > 1 AND (extra IS NULL OR json_valid(extra));
`;

/** Each brings a file from the version before it to its own, which is its place in the list, from 1. Never edited once released. */
const MIGRATIONS: readonly string[] = [SCHEMA_1, SCHEMA_2];

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
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}

function fileVersion(db: DatabaseSync): number {
  const row = db.prepare("PRAGMA user_version").get();
  return Number(row?.["user_version"] ?? 0);
}
