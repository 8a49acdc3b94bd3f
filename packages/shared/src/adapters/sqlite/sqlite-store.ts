import type { AppError } from "../../domain/app-error.ts";
import type { Digest } from "../../domain/digest.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { startThread } from "./thread-link.ts";
import { storeOver } from "./thread-store.ts";

export interface SqliteStoreOptions {
  /** Path of the file, which is made if there is none; `:memory:` is a store that ends with its process. */
  readonly file: string;
  /** SHA-256; the system's by default. The store's thread has its own. */
  readonly digest?: Digest;
  /** The store's own time. The system's by default. */
  readonly clock?: Clock;
  /** Told once, when the store's thread is gone and every further call will be refused. */
  readonly onLost?: (fault: AppError) => void;
  readonly onUnreadable?: OnUnreadable;
  /** Most pages of 4 KiB the file may grow to; unlimited by default. */
  readonly pagesMax?: number;
}

/**
 * A store in one SQLite file. It has a thread of its own, which performs all that comes meanwhile in one transaction;
 * people's reads go through a second connection and wait for no write. One process at a time: see `lockDataFolder`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, onLost = () => {}, onUnreadable = () => {}, pagesMax } = options;
  return storeOver(await startThread({ file, pagesMax: pagesMax ?? null }, { onLost, onUnreadable }), options);
}
