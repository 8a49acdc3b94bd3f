import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../ports/store/store.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite-store.ts";

/** A folder for the files of one test, and the stores opened on them. */
export interface StoreFolder extends AsyncDisposable {
  readonly file: string;
  open(options?: Partial<SqliteStoreOptions>): Promise<Store>;
}

export function storeFolder(): StoreFolder {
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  const file = join(dir, "store.db");
  const stores: Store[] = [];
  return {
    file,
    async open(options) {
      const store = await openSqliteStore({ file, ...options });
      stores.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
