import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations.ts";
import { openFault } from "./open-fault.ts";

/** What a file is called that lives in memory alone: for tests. */
export const MEMORY_FILE = ":memory:";

/** Memory for pages of the writer, in KiB. More does not pay: reads of the hot edge and of 100,000 cursors fit. */
const WRITER_CACHE_KIB = 24_576;
/** Memory for pages of the reader, in KiB. */
const READER_CACHE_KIB = 4_096;
/** The log is copied into the file when it has grown to this many pages of 4 KiB. */
const CHECKPOINT_PAGES = 2_000;
/** A log that once grew larger is cut back to this, in bytes. */
const LOG_BYTES_MAX = 67_108_864;
/** The other connection of this process may hold the file for a moment. Milliseconds. */
const BUSY_MS = 5_000;

/** The one connection that writes. Every commit is on disk before it returns, until `syncBySelf`. */
export function openWriter(file: string, { pagesMax }: { readonly pagesMax: number | null }): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { timeout: BUSY_MS });
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${WRITER_CACHE_KIB};
       PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${LOG_BYTES_MAX}; PRAGMA temp_store = MEMORY`,
    );
    migrate(db, file);
    if (pagesMax !== null) db.exec(`PRAGMA max_page_count = ${pagesMax}`);
    return db;
  } catch (fault) {
    throw openFault(fault, file);
  }
}

/** From here on commits are made durable by `DiskSync`. What came before, the directory's entry too, SQLite has synced itself. */
export function syncBySelf(db: DatabaseSync): void {
  db.exec("PRAGMA synchronous = NORMAL");
}

/** A connection that only reads: it sees what is committed, and holds up no write. */
export function openReader(file: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
    db.exec(`PRAGMA cache_size = -${READER_CACHE_KIB}; PRAGMA temp_store = MEMORY`);
    return db;
  } catch (fault) {
    throw openFault(fault, file);
  }
}
