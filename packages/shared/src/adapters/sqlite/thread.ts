import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { beginIncarnation } from "./core.ts";
import { openWriter } from "./database.ts";
import { storeFault } from "./faults.ts";
import type { FromThread, ThreadData, ToThread } from "./thread-messages.ts";
import { createTurns, type Turns } from "./turn.ts";
import type { Packet } from "./wire.ts";

/** New runs are entered into the index of ids when nothing was asked for this long. Milliseconds. */
const IDLE_MS = 100;

const port = parentPort;
if (port === null) throw new Error("the store's thread was started by nobody");

function post(message: FromThread): void {
  if ("numbers" in message) port?.postMessage(message, [message.numbers.buffer]);
  else port?.postMessage(message);
}

function start({ file, pagesMax }: ThreadData): void {
  const db = openWriter(file, { pagesMax });
  const turns = createTurns(db, beginIncarnation(db));
  let idle: NodeJS.Timeout | null = null;

  function close(): void {
    if (idle !== null) clearTimeout(idle);
    try {
      if (turns.untidy) turns.tidy();
    } catch {
      // What is not in the index is found by a scan of the newest rows at the next start.
    }
    db.close();
    post({ closed: true });
    port?.close();
  }
  /** Takes all that has come meanwhile into one turn: the more there is to do, the less each call costs. */
  port?.on("message", (first: ToThread) => {
    const packets: Packet[] = [];
    for (let message: ToThread | undefined = first; message !== undefined; message = nextMessage()) {
      if ("close" in message) {
        turns.serve(packets, post);
        close();
        return;
      }
      packets.push(message);
    }
    turns.serve(packets, post);
    if (idle === null && turns.untidy) idle = setTimeout(tidy, IDLE_MS, turns);
  });
  function tidy(own: Turns): void {
    idle = null;
    try {
      if (own.untidy) own.tidy();
    } catch {
      // The next call meets the same fault, and answers with it.
    }
  }
}

function nextMessage(): ToThread | undefined {
  if (port === null) return undefined;
  return (receiveMessageOnPort(port) as { readonly message: ToThread } | undefined)?.message;
}

try {
  start(workerData as ThreadData);
  post({ ready: true });
} catch (fault) {
  const { code, message, retryable } = storeFault(fault, "open the store");
  post({ failed: { code, message, retryable } });
  port.close();
}
