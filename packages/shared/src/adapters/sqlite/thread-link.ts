import { Worker } from "node:worker_threads";
import { AppError, toAppError } from "../../domain/app-error.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import type { ColdCalls, ColdName } from "./calls.ts";
import { HOT_CALLS, type HotName } from "./hot-names.ts";
import { ANSWERED, COLD_CALL, type FromThread, takeFault, type ThreadData } from "./thread-messages.ts";
import {
  atEnd,
  beginSection,
  dropSection,
  endSection,
  type Packet,
  type PacketReader,
  packetReader,
  type PacketWriter,
  packetWriter,
  putJson,
  putText,
  sealPacket,
  skipTo,
  takeJson,
  takeSection,
} from "./wire.ts";

/** The way to the store's thread. All calls of one turn of the event loop go in one message. */
export interface ThreadLink {
  hot<Answer>(
    name: HotName,
    call: { readonly put: (writer: PacketWriter) => void; readonly take: (reader: PacketReader) => Answer },
  ): Promise<Answer>;
  cold<Name extends ColdName>(name: Name, argument: Parameters<ColdCalls[Name]>[0]): Promise<Awaited<ReturnType<ColdCalls[Name]>>>;
  /** Why writes are refused at present; null: they are not, as far as any was asked for. */
  refusing(): string | null;
  close(): Promise<void>;
}

interface Pending {
  readonly take: (reader: PacketReader) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (fault: AppError) => void;
}

/** What the link needs of a thread. */
export type StoreThread = Pick<Worker, "on" | "once" | "off" | "postMessage" | "ref" | "unref">;

interface LinkState {
  readonly worker: StoreThread;
  readonly pending: Map<number, Pending>;
  writer: PacketWriter | null;
  lastId: number;
  /** Why there is nothing more to be had from the thread. */
  lost: AppError | null;
  refusing: string | null;
  closed: Promise<void> | null;
  readonly exited: Promise<void>;
}

const HOT_NUMBER = Object.fromEntries(HOT_CALLS.map((name, number) => [name, number])) as Record<HotName, number>;

export interface StartOptions {
  /** Told once, when the thread has ended though nobody asked it to. */
  readonly onLost: (fault: AppError) => void;
  readonly onUnreadable?: OnUnreadable;
  /** Starts the thread; by default one of the process's own. */
  readonly start?: (data: ThreadData) => StoreThread;
}

/** This program's own sources, or what was built from them. */
const ENTRY = import.meta.url.endsWith(".ts") ? new URL("./thread.ts", import.meta.url) : new URL("./thread.js", import.meta.url);

/** Starts the thread and waits until the file is open. */
export async function startThread(data: ThreadData, { onLost, onUnreadable, start = startWorker }: StartOptions): Promise<ThreadLink> {
  const worker = start(data);
  const state: LinkState = {
    worker,
    pending: new Map(),
    writer: null,
    lastId: 0,
    lost: null,
    refusing: null,
    closed: null,
    exited: new Promise((resolve) => worker.once("exit", () => resolve())),
  };
  const lose = (fault: AppError): void => {
    if (state.lost !== null) return;
    state.lost = fault;
    for (const { reject } of state.pending.values()) reject(fault);
    state.pending.clear();
    if (state.closed === null) onLost(fault);
  };
  worker.on("error", (cause) => lose(gone("the store's thread failed", cause)));
  worker.on("exit", () => lose(gone("the store's thread has ended")));
  await opened(worker);
  worker.on("message", (message: FromThread) => {
    if ("numbers" in message) settleAll(state, message);
    else if ("unreadable" in message) onUnreadable?.(message.unreadable);
    else if ("refusing" in message) state.refusing = message.refusing;
  });
  worker.unref();
  return {
    hot: (name, { put, take }) => send(state, { number: HOT_NUMBER[name], put, take }) as Promise<never>,
    cold: (name, argument) =>
      send(state, {
        number: COLD_CALL,
        put(writer) {
          putText(writer, name);
          putJson(writer, argument);
        },
        take: takeJson,
      }) as Promise<never>,
    refusing: () => state.refusing,
    close: () => (state.closed ??= close(state)),
  };
}

const gone = (message: string, cause?: unknown): AppError => new AppError("store_unavailable", message, { retryable: true, cause });

/**
 * Sources are found by their condition, which a thread does not take over from how the program itself was started. Nothing
 * else of that is handed on: a thread refuses V8's flags, and a program may well be started with `--max-old-space-size`.
 */
function startWorker(workerData: ThreadData): StoreThread {
  const execArgv = ENTRY.href.endsWith(".ts") ? ["--conditions=@tickline/source"] : [];
  return new Worker(ENTRY, { workerData, name: "store", execArgv });
}

function opened(worker: StoreThread): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(gone("the store's thread ended while it opened the file"));
    worker.once("exit", ended);
    worker.once("error", (cause) => reject(gone("the store's thread failed while it opened the file", cause)));
    worker.once("message", (message: FromThread) => {
      worker.off("exit", ended);
      if ("failed" in message) {
        const { code, message: text, retryable } = message.failed;
        reject(new AppError(code, text, { retryable }));
      } else resolve();
    });
  });
}

interface Sent {
  readonly number: number;
  readonly put: (writer: PacketWriter) => void;
  readonly take: (reader: PacketReader) => unknown;
}

function send(state: LinkState, { number, put, take }: Sent): Promise<unknown> {
  const fault = state.lost ?? (state.closed === null ? null : gone("the store is closed"));
  if (fault !== null) return Promise.reject(fault);
  return new Promise((resolve, reject) => {
    state.lastId += 1;
    const writer = writerOf(state);
    const section = beginSection(writer, number, state.lastId);
    try {
      put(writer);
    } catch (cause) {
      dropSection(writer, section);
      throw cause;
    }
    endSection(writer, section);
    state.pending.set(state.lastId, { take, resolve, reject });
  });
}

/** What this turn of the event loop has to say; it goes when the turn is over. */
function writerOf(state: LinkState): PacketWriter {
  if (state.writer === null) {
    state.writer = packetWriter();
    queueMicrotask(() => flush(state));
  }
  return state.writer;
}

function flush(state: LinkState): void {
  const { writer, worker } = state;
  state.writer = null;
  if (writer === null || writer.numbers.length === 0 || state.lost !== null) return;
  const packet = sealPacket(writer);
  worker.postMessage(packet, [packet.numbers.buffer]);
  // The process waits for answers, but not for a thread that has nothing to do.
  worker.ref();
}

function settleAll(state: LinkState, packet: Packet): void {
  const reader = packetReader(packet);
  while (!atEnd(reader)) {
    const head = takeSection(reader);
    const pending = state.pending.get(head.first);
    state.pending.delete(head.first);
    if (pending !== undefined) settle(pending, reader, head.second === ANSWERED);
    skipTo(reader, head);
  }
  if (state.pending.size === 0 && state.closed === null) state.worker.unref();
}

function settle({ take, resolve, reject }: Pending, reader: PacketReader, answered: boolean): void {
  if (!answered) {
    reject(takeFault(reader));
    return;
  }
  try {
    resolve(take(reader));
  } catch (fault) {
    reject(toAppError(fault, "read the store's answer"));
  }
}

/** Everything asked for before is answered first. */
async function close(state: LinkState): Promise<void> {
  flush(state);
  state.worker.ref();
  if (state.lost === null) state.worker.postMessage({ close: true });
  await state.exited;
}
