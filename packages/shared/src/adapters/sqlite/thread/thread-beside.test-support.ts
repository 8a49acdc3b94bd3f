import { EventEmitter } from "node:events";
import { MessageChannel } from "node:worker_threads";
import type { Store } from "../../../ports/store/store.ts";
import { serveFile } from "./serve-file.ts";
import { storeOver, type SqliteStoreOptions } from "../sqlite-store.ts";
import { startThread, type StoreThread } from "./thread-link.ts";
import type { ThreadData } from "./thread-messages.ts";

/** A store whose calls are performed in this thread, over the same messages: a thread for each would be expensive where hundreds are opened. */
export async function openSqliteStoreHere(options: SqliteStoreOptions): Promise<Store> {
  const data = { file: options.file, pagesMax: options.pagesMax ?? null };
  const { onLost = () => {}, onUnreadable = () => {} } = options;
  return storeOver(await startThread(data, { start: serveHere, onLost, onUnreadable }), options);
}

function serveHere(data: ThreadData): StoreThread {
  const { port1: here, port2: there } = new MessageChannel();
  const thread = new EventEmitter();
  here.on("message", (message) => thread.emit("message", message));
  here.on("close", () => thread.emit("exit", 0));
  serveFile(there, data);
  const { postMessage, ref, unref } = here;
  return Object.assign(thread, {
    postMessage: postMessage.bind(here),
    ref: ref.bind(here),
    unref: unref.bind(here),
  }) as unknown as StoreThread;
}
