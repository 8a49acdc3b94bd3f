import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations/migrate.ts";
import { openFault } from "./data-folder/open-fault.ts";

/** What a file is called that lives in memory alone: for tests. */
export const MEMORY_FILE = ":memory:";

/** Memory for pages, in KiB. */
const CACHE_KIB = 65_536;
/** The log is copied into the file when it has grown to this many pages of 4 KiB. */
const CHECKPOINT_PAGES = 4_000;
/** A log that once grew larger is cut back to this, in bytes. */
const LOG_BYTES_MAX = 67_108_864;
/** Another program may hold the file for a moment. Milliseconds. */
const BUSY_MS = 5_000;

/** The one connection. Every commit is on disk before it returns. */
export function openDatabase(file: string, { pagesMax }: { readonly pagesMax: number | null }): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { timeout: BUSY_MS });
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB};
       PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES_MAX}; PRAGMA temp_store = MEMORY`,
    );
    migrate(db, file);
    if (pagesMax !== null) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
    return db;
  } catch (fault) {
    throw openFault(fault, file);
  }
}

/**
 * Keeps the log of commits in its place for as long as it is open. SQLite copies the log into the database and deletes it when the last
 * connection is closed, which the end of a process does too; and then the mark would say that it is lost. Held by the main thread, which
 * ends after that of the store.
 */
export function holdLog(file: string): { close(): void } {
  if (file === MEMORY_FILE) return { close() {} };
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  db.prepare("SELECT count(*) FROM meta").get(); // It opens the log when it reads.
  return db;
}
