import { jest } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../ports/store/store.ts";
import type { UnreadableRow } from "../../ports/unreadable.ts";
import { storeContract } from "../../testing/contracts/store.contract.ts";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { sha256 } from "../system/digest.ts";
import { damageFile } from "./damaged-file.test-support.ts";
import { openSqliteStoreHere } from "./thread/thread-beside.test-support.ts";

jest.setTimeout(60_000);

storeContract("SQLite store", () => {
  const clock = manualClock(START);
  const dir = mkdtempSync(join(tmpdir(), "tickline-store-"));
  const files = new WeakMap<Store, string>();
  const unreadable: UnreadableRow[] = [];
  let stores = 0;
  const openFile = async (file: string): Promise<Store> => {
    const store = await openSqliteStoreHere({ file, digest: sha256, clock, onUnreadable: (row) => unreadable.push(row) });
    files.set(store, file);
    return store;
  };
  return {
    open: () => openFile(join(dir, `store-${(stores += 1)}.db`)),
    async reopen(store) {
      await store.close();
      return openFile(files.get(store) ?? "");
    },
    leases: "incarnation",
    advance: clock.advance,
    unreadable,
    damage: (store, harm) => Promise.resolve(damageFile(files.get(store) ?? "", harm)),
    dispose: () => Promise.resolve(rmSync(dir, { recursive: true, force: true })),
  };
});
