import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Timer } from "../../../ports/clock.ts";
import type { OnUnreadable, UnreadableRow } from "../../../ports/unreadable.ts";
import { systemClock } from "../../system/clock.ts";
import type { StoreContext } from "../context.ts";
import { openDatabase } from "../database.ts";
import { openDefinitions } from "../jobs/definitions.ts";
import { keepMark } from "../data-folder/mark-keeper.ts";
import { openMeta } from "../meta.ts";
import { openFault } from "../data-folder/open-fault.ts";
import { openOverlap } from "../runs/overlap.ts";
import { openPorts } from "../ports.ts";
import { BEGIN_INCARNATION } from "../runs/run-leases.ts";
import { openRunRows } from "../runs/run-rows.ts";
import { type CallServer, createCallServer } from "./serve-calls.ts";
import type { Call, FromThread, ThreadData, ToThread } from "./thread-messages.ts";

/** While writes are refused, one is tried at this interval, in milliseconds. */
const PROBE_MS = 5_000;

/** The work of the store's thread: performs all calls that have arrived in one transaction, and answers when that is on disk. */
export function serveFile(port: MessagePort, data: ThreadData): void {
  try {
    serveOpened(port, data);
  } catch (fault) {
    const { code, message, retryable } = openFault(fault, data.file);
    send(port, { failed: { code, message, retryable } });
    port.close();
  }
}

function serveOpened(port: MessagePort, { file, pagesMax }: ThreadData): void {
  const db = openDatabase(file, { pagesMax });
  try {
    serveDatabase(port, db, file);
  } catch (fault) {
    db.close();
    throw fault;
  }
}

function serveDatabase(port: MessagePort, db: DatabaseSync, file: string): void {
  db.exec(`BEGIN; ${BEGIN_INCARNATION} COMMIT`);
  const unreadable = createUnreadablePost(port);
  const server = createCallServer(db, openPorts(openContext(db, unreadable.tell)));
  const mark = keepMark(db, { file, clock: systemClock });
  const refusals = createRefusalWatch(port, server);

  function close(): void {
    refusals.close();
    mark.close(); // First record that the log may be missing, then what exists without it.
    db.close();
    mark.seal();
    port.close();
  }
  port.on("message", (first: ToThread) => {
    const calls: Call[] = [];
    let closing = false;
    // All calls that have arrived meanwhile are one transaction: the more calls, the less each costs.
    for (let message: ToThread | undefined = first; message !== undefined; message = nextMessage(port)) {
      if ("close" in message) closing = true;
      else calls.push(...message.calls);
    }
    const answers = calls.length > 0 ? server.serve(calls) : [];
    if (server.takeWritten()) mark.written();
    refusals.look(); // First, so that callers know it when they receive their answers.
    if (calls.length > 0) send(port, { answers });
    if (closing) close();
  });
  unreadable.ready();
}

export function openContext(db: DatabaseSync, onUnreadable: OnUnreadable): StoreContext {
  const definitions = openDefinitions(db);
  const runs = openRunRows(db, onUnreadable);
  return { db, meta: openMeta(db), definitions, runs, overlap: openOverlap(db, { definitions, runs }), onUnreadable };
}

/** The first message says that the file is open; unreadable rows found while opening it follow. */
function createUnreadablePost(port: MessagePort): { readonly tell: OnUnreadable; ready(): void } {
  let early: UnreadableRow[] | null = [];
  return {
    tell: (row) => void (early === null ? send(port, { unreadable: row }) : early.push(row)),
    ready() {
      send(port, { ready: true });
      for (const unreadable of early ?? []) send(port, { unreadable });
      early = null;
    },
  };
}

/** Sends one message when writes are refused, and one when they are accepted again. Only its probes write meanwhile. */
function createRefusalWatch(port: MessagePort, server: CallServer): { look(): void; close(): void } {
  let sent: string | null = null;
  let next: Timer | null = null;
  function look(): void {
    const { refusing } = server;
    if (refusing !== null) next ??= systemClock.setTimer(PROBE_MS, probe);
    if (refusing !== sent) send(port, { refusing });
    sent = refusing;
  }
  function probe(): void {
    next = null;
    try {
      if (server.refusing !== null) server.probe();
    } catch {
      // Writes are still refused.
    }
    look();
  }
  return { look, close: () => next?.cancel() };
}

const send = (port: MessagePort, message: FromThread): void => port.postMessage(message);

const nextMessage = (port: MessagePort): ToThread | undefined =>
  (receiveMessageOnPort(port) as { readonly message: ToThread } | undefined)?.message;
