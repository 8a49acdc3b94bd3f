import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../../domain/app-error.ts";
import { openFault } from "../data-folder/open-fault.ts";
import { SCHEMA_1 } from "./001-first-release.ts";
import { OVERLAP_POLICIES_2 } from "./002-overlap-policies.ts";
import { keysAsJson, PLAIN_TABLES_3 } from "./003-plain-tables.ts";
import { PRIORITIES_4 } from "./004-priorities.ts";
import { LEASES_BY_TIME_5 } from "./005-leases-by-time.ts";

/** Each brings a file from the version before it to its own, which is its place in the list, from 1. Never edited once released. */
const MIGRATIONS: readonly string[] = [SCHEMA_1, OVERLAP_POLICIES_2, PLAIN_TABLES_3, PRIORITIES_4, LEASES_BY_TIME_5];

/** The version this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the file up to date, each step in a transaction of its own, so that a crash in between repeats only one. */
export function migrate(db: DatabaseSync, file: string): void {
  if (knownVersion(db, file) === SCHEMA_VERSION) return;
  db.function("keys_as_json", { deterministic: true, useBigIntArguments: true }, keysAsJson);
  while (takeStep(db, file));
  giveBack(db);
}

/** The version is read in the transaction: another process may have taken the step meanwhile. False: there is none left. */
function takeStep(db: DatabaseSync, file: string): boolean {
  let version = 0;
  try {
    db.exec("BEGIN IMMEDIATE");
    version = knownVersion(db, file);
    const migration = MIGRATIONS[version];
    if (migration !== undefined) db.exec(`${migration}; PRAGMA user_version = ${version + 1}`);
    db.exec("COMMIT");
    return migration !== undefined;
  } catch (cause) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw version > 0 ? stepFault(cause, file, version) : cause;
  }
}

function stepFault(cause: unknown, file: string, version: number): AppError {
  const deed = `upgrade ${file} from schema ${version} to ${version + 1} (it is as it was)`;
  const fault = openFault(cause, file, deed);
  if (fault.code !== "internal") return fault;
  const advice = `start a version that knows schema ${version}, or put back a backup, and report this`;
  return new AppError("store_corrupt", `${fault.message}: ${advice}`, { cause });
}

/** Throws where a newer program wrote the file. */
function knownVersion(db: DatabaseSync, file: string): number {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
  if (version <= SCHEMA_VERSION) return version;
  throw new AppError(
    "store_corrupt",
    `${file} was written by a newer Tickline (schema ${version}, this one knows ${SCHEMA_VERSION}): start that version, or use another data folder`,
  );
}

/** Gives the room of tables that are gone back to the disk. Without it the file is as right, and longer. */
function giveBack(db: DatabaseSync): void {
  try {
    db.exec("VACUUM");
  } catch {
    // As where the disk has no room for a copy.
  }
}
