import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { markOpened } from "./data-folder/mark-keeper.ts";
import { migrate } from "./migrations/migrate.ts";
import { openFault } from "./data-folder/open-fault.ts";

/**
 * Memory for pages, in KiB. After each commit that split a page, SQLite scans the whole table of its cache: with 64 MiB a run took 10% longer than
 * with this. Other pages are in the cache of the system.
 */
const CACHE_KIB = 16_384;
/** The log is copied into the file when it has grown to this many pages of 4 KiB. */
const CHECKPOINT_PAGES = 4_000;
/** A log that has grown larger is truncated to this, in bytes. */
const LOG_BYTES_MAX = 67_108_864;
/** Another program may hold the file for a moment. Milliseconds. */
const BUSY_MS = 5_000;

/** The one connection. Every commit is on disk before it returns. */
export function openDatabase(file: string, { pagesMax }: { readonly pagesMax: number | null }): DatabaseSync {
  return openFile(file, {}, (db) => {
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB};
       PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES_MAX}`,
    );
    // SQLite has read the log by now. Until the mark is kept, it must neither name a log nor say that the database is closed.
    if (Number(db.prepare("PRAGMA page_count").get()?.["page_count"]) > 0 && file !== ":memory:") markOpened(file);
    migrate(db, file); // It may sort and copy all rows: on disk.
    db.exec("PRAGMA temp_store = MEMORY");
    if (pagesMax !== null) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
  });
}

/** Memory for pages of the connection that only reads, in KiB. */
const READER_CACHE_KIB = 8_192;

/**
 * A connection that only reads: it sees committed data, and waits for no write. It also keeps SQLite from deleting the log of commits. SQLite copies
 * the log into the database and deletes it when the last connection is closed, which the end of a process does too. Then, by the mark, the
 * log would be lost. The main thread holds this connection, and ends after the store's thread.
 */
export function openReader(file: string): DatabaseSync {
  return openFile(file, { readOnly: true }, (db) => {
    db.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}; PRAGMA temp_store = MEMORY`);
    db.prepare("SELECT count(*) FROM meta").get(); // It opens the log when it reads.
  });
}

/** Closes a file that cannot be used. */
function openFile(file: string, options: DatabaseSyncOptions, prepare: (db: DatabaseSync) => void): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { ...options, timeout: BUSY_MS });
    prepare(db);
    return db;
  } catch (fault) {
    db?.close();
    throw openFault(fault, file);
  }
}
