import { Worker } from "node:worker_threads";
import { AppError } from "../../../domain/app-error.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import type { ThreadPorts } from "../ports.ts";
import type { Answer, Call, FromThread, ThreadData } from "./thread-messages.ts";

type Values<Method> = Method extends (...values: infer Given) => unknown ? Given : never;
type Answered<Method> = Method extends (...values: never) => infer Given ? Given : never;

/** Calls to the store's thread. All calls of one turn of the event loop are sent in one message. */
export interface ThreadLink {
  call<Port extends keyof ThreadPorts, Method extends keyof ThreadPorts[Port] & string>(
    port: Port,
    method: Method,
    ...values: Values<ThreadPorts[Port][Method]>
  ): Promise<Answered<ThreadPorts[Port][Method]>>;
  /** Why writes are refused at present; null: they are not, or none was tried. */
  refusing(): string | null;
  /** Earlier calls are answered first. */
  close(): Promise<void>;
}

/** What the link needs of a thread. */
export type StoreThread = Pick<Worker, "on" | "once" | "off" | "postMessage" | "ref" | "unref">;

export interface StartOptions {
  /** Called once, when the thread has ended unexpectedly. */
  readonly onLost: (fault: AppError) => void;
  readonly onUnreadable?: OnUnreadable;
  /** Starts the thread; by default one of the process's own. */
  readonly start?: (data: ThreadData) => StoreThread;
}

/** This program's own sources, or their build. */
const ENTRY = import.meta.url.endsWith(".ts") ? new URL("./thread.ts", import.meta.url) : new URL("./thread.js", import.meta.url);

/** Starts the thread and waits until the file is open. */
export async function startThread(data: ThreadData, { onLost, onUnreadable, start = startWorker }: StartOptions): Promise<ThreadLink> {
  const worker = start(data);
  const calls = createPendingCalls(worker);
  let refusing: string | null = null;
  let closed: Promise<void> | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));

  function lose(fault: AppError): void {
    if (calls.lost !== null) return;
    calls.lose(fault);
    if (closed === null) onLost(fault);
  }
  async function close(): Promise<void> {
    calls.flush();
    worker.ref();
    if (calls.lost === null) worker.postMessage({ close: true });
    await exited;
  }
  worker.on("error", (cause) => lose(gone("the store's thread failed", cause)));
  worker.on("exit", () => lose(gone("the store's thread has ended")));
  await opened(worker);
  worker.on("message", (message: FromThread) => {
    if ("answers" in message) calls.settle(message.answers);
    else if ("unreadable" in message) onUnreadable?.(message.unreadable);
    else if ("refusing" in message) refusing = message.refusing;
    if (calls.isEmpty && closed === null) worker.unref();
  });
  worker.unref();
  return {
    call: (port, method, ...values) =>
      closed === null ? calls.add({ port, method, values }) : Promise.reject(gone("the store is closed")),
    refusing: () => refusing,
    close: () => (closed ??= close()),
  };
}

interface PendingCalls {
  add(call: Omit<Call, "id">): Promise<never>;
  /** Sends what has been added in this turn of the event loop. */
  flush(): void;
  settle(answers: readonly Answer[]): void;
  lose(fault: AppError): void;
  /** The fault that ended the thread; null: it runs. */
  readonly lost: AppError | null;
  readonly isEmpty: boolean;
}

function createPendingCalls(worker: StoreThread): PendingCalls {
  const pending = new Map<number, { readonly resolve: (value: never) => void; readonly reject: (fault: unknown) => void }>();
  let gathered: Call[] = [];
  let lastId = 0;
  let lost: AppError | null = null;

  function flush(): void {
    const calls = gathered;
    gathered = [];
    if (calls.length === 0 || lost !== null) return;
    try {
      worker.postMessage({ calls });
    } catch {
      for (const call of calls) sendAlone(call); // One of them cannot be sent.
    }
    worker.ref(); // The process stays alive for answers, but not for an idle thread.
  }
  function sendAlone(call: Call): void {
    try {
      worker.postMessage({ calls: [call] });
    } catch (cause) {
      pending.get(call.id)?.reject(new AppError("internal", `${call.port}.${call.method} cannot be sent to the store's thread`, { cause }));
      pending.delete(call.id);
    }
  }
  return {
    add(call) {
      if (lost !== null) return Promise.reject(lost);
      return new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        if (gathered.push({ id: lastId, ...call }) === 1) queueMicrotask(flush);
      });
    },
    flush,
    settle(answers) {
      for (const answer of answers) {
        const asked = pending.get(answer.id);
        pending.delete(answer.id);
        if ("value" in answer) asked?.resolve(answer.value as never);
        else asked?.reject(new AppError(answer.fault.code, answer.fault.message, { retryable: answer.fault.retryable }));
      }
    },
    lose(fault) {
      lost = fault;
      for (const { reject } of pending.values()) reject(fault);
      pending.clear();
    },
    get lost() {
      return lost;
    },
    get isEmpty() {
      return pending.size === 0;
    },
  };
}

const gone = (message: string, cause?: unknown): AppError => new AppError("store_unavailable", message, { retryable: true, cause });

/**
 * Sources are found by their condition, which a thread does not inherit from the options of the program. No other option
 * is passed on: a thread refuses V8's flags, and a program may be started with `--max-old-space-size`.
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
      if ("failed" in message) reject(new AppError(message.failed.code, message.failed.message, { retryable: message.failed.retryable }));
      else resolve();
    });
  });
}
