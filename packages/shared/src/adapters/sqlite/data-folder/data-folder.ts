import { closeSync, constants, existsSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../../domain/app-error.ts";
import { primaryCode } from "../faults.ts";
import { markName } from "./mark-keeper.ts";
import { folderFault, openFault } from "./open-fault.ts";
import { besides, keepPrivate, openPrivate } from "./private-files.ts";

const LOCK_FILE = "tickline.lock";
const PID_FILE = "tickline.pid";
const SQLITE_BUSY = 5;

/** The locks this process holds. The garbage collector would close an unreferenced handle, which releases its lock. */
const held = new Set<DatabaseSync>();

/** A data folder that this process owns. */
export interface DataFolderLock {
  /** True: another process used it before this one. */
  readonly usedBefore: boolean;
  /** Safe to call twice. */
  release(): void;
}

/**
 * Locks a data folder for this process alone, makes it if there is none, and denies other users access to it and its files. The lock is the
 * operating system's, on a small file that SQLite holds exclusively: it ends with the process, however that ends, and nothing has to be
 * cleaned up. `database`: the name of the database in it. Throws `data_folder_locked`, which names the process that holds the lock, or a fault
 * that says in one sentence what a person has to repair.
 */
export function lockDataFolder(dir: string, database = "tickline.db"): DataFolderLock {
  const usedBefore = existsSync(join(dir, PID_FILE));
  const made = [database, LOCK_FILE];
  keepPrivate(dir, { made, names: [...made, PID_FILE, markName(database), ...besides(database), ...besides(LOCK_FILE)] });
  const db = takeLock(dir);
  held.add(db);
  const lock = {
    usedBefore,
    release() {
      held.delete(db);
      if (db.isOpen) db.close();
    },
  };
  try {
    writePid(join(dir, PID_FILE));
  } catch (cause) {
    lock.release();
    throw folderFault(cause, join(dir, PID_FILE));
  }
  return lock;
}

function takeLock(dir: string): DatabaseSync {
  const path = join(dir, LOCK_FILE);
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
    return db;
  } catch (cause) {
    db.close();
    if (primaryCode(cause) !== SQLITE_BUSY) throw openFault(cause, path);
    throw new AppError(
      "data_folder_locked",
      `the data folder ${dir} belongs to process ${readOwner(dir)}: stop it, or use another folder`,
      {
        cause,
      },
    );
  }
}

function writePid(path: string): void {
  const file = openPrivate(path, constants.O_TRUNC);
  try {
    writeSync(file, `${process.pid}\n`);
  } finally {
    closeSync(file);
  }
}

function readOwner(dir: string): string {
  try {
    return readFileSync(join(dir, PID_FILE), "utf8").trim();
  } catch {
    return "unknown";
  }
}
