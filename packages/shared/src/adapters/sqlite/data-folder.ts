import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";

const LOCK_FILE = "tickline.lock";
const PID_FILE = "tickline.pid";

/** Locks this process holds. A handle nobody refers to is closed by the garbage collector, and the lock would be gone. */
const held = new Set<DatabaseSync>();

/** A data folder that this process owns. */
export interface DataFolderLock {
  /** Safe to call twice. */
  release(): void;
}

/**
 * Takes a data folder for this process alone, and makes it if there is none. The lock is the operating system's, on a
 * small file that SQLite holds exclusively: it ends with the process however that ends, and leaves nothing to clean up.
 * Throws `data_folder_locked`, which names the process that has it.
 */
export function lockDataFolder(dir: string): DataFolderLock {
  mkdirSync(dir, { recursive: true });
  const db = new DatabaseSync(join(dir, LOCK_FILE), { timeout: 0 });
  try {
    db.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    throw new AppError("data_folder_locked", `the data folder ${dir} belongs to process ${ownerOf(dir)}: stop it, or use another folder`, {
      cause,
    });
  }
  held.add(db);
  writeFileSync(join(dir, PID_FILE), `${process.pid}\n`);
  return {
    release() {
      held.delete(db);
      if (db.isOpen) db.close();
    },
  };
}

function ownerOf(dir: string): string {
  try {
    return readFileSync(join(dir, PID_FILE), "utf8").trim();
  } catch {
    return "unknown";
  }
}
