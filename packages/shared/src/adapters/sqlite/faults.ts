import { AppError } from "../../domain/app-error.ts";

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** Busy, locked, out of memory, read-only, I/O error, full, cannot open, protocol: caused by the disk or another process. */
const UNAVAILABLE: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14, 15]);

/** Converts an error of SQLite to an `AppError`. Any other error becomes `internal`. */
export function storeFault(fault: unknown, deed: string): AppError {
  if (fault instanceof AppError) return fault;
  const message = `${deed}: ${fault instanceof Error ? fault.message : String(fault)}`;
  const code = primaryCode(fault);
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return new AppError("store_corrupt", message, { cause: fault });
  if (code !== null && UNAVAILABLE.has(code)) return new AppError("store_unavailable", message, { retryable: true, cause: fault });
  return new AppError("internal", message, { cause: fault });
}

/** Null: SQLite did not throw it. */
export function primaryCode(fault: unknown): number | null {
  const { errcode } = Object(fault) as { readonly errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : null;
}
