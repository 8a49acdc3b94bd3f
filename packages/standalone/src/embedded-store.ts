import { basename, dirname, join, resolve } from "node:path";
import { checkLoss } from "@tickline/shared/adapters/sqlite/data-folder/check-loss";
import { lockDataFolder } from "@tickline/shared/adapters/sqlite/data-folder/data-folder";
import { openSqliteStore } from "@tickline/shared/adapters/sqlite/sqlite-store";
import type { AppError } from "@tickline/shared/domain/app-error";
import type { Store } from "@tickline/shared/ports/store/store";
import type { OnUnreadable } from "@tickline/shared/ports/unreadable";

export interface EmbeddedStoreOptions {
  readonly dataDir: string;
  readonly storeUrl?: string | undefined;
  /** Continues although acknowledged writes are missing. */
  readonly acceptLoss?: boolean | undefined;
  /** Receives what is missing, if that is accepted. */
  readonly onLoss: (missing: string) => void;
  /** Receives the reason why it is unknown whether anything is missing. */
  readonly onDoubt?: ((why: string) => void) | undefined;
  /** Called once when the store's thread has ended: nothing can be stored any more. */
  readonly onStoreLost: (fault: AppError) => void;
  readonly onUnreadable?: OnUnreadable;
}

const DATABASE_FILE = "tickline.db";

/** Where the data is, for the banner. */
export const databaseFile = ({ dataDir, storeUrl }: Pick<EmbeddedStoreOptions, "dataDir" | "storeUrl">): string =>
  storeUrl === undefined ? join(resolve(dataDir), DATABASE_FILE) : resolve(storeUrl.slice("sqlite:".length));

/** Opens the store of the one process by its URL, and locks the folder. */
export async function openEmbeddedStore({
  dataDir,
  storeUrl,
  acceptLoss = false,
  onLoss,
  onDoubt = () => {},
  onStoreLost,
  onUnreadable = () => {},
}: EmbeddedStoreOptions): Promise<Store> {
  const file = databaseFile({ dataDir, storeUrl });
  const folder = lockDataFolder(dirname(file), basename(file));
  try {
    const doubts: string[] = [];
    checkLoss(file, { accepted: acceptLoss, tell: onLoss, doubt: (why) => void doubts.push(why), usedBefore: folder.usedBefore });
    const store = await openSqliteStore({ file, onLost: onStoreLost, onUnreadable });
    for (const why of doubts) onDoubt(why); // If the store cannot be opened, its own fault says more.
    return {
      ...store,
      async close() {
        await store.close();
        folder.release();
      },
    };
  } catch (fault) {
    folder.release();
    throw fault;
  }
}
