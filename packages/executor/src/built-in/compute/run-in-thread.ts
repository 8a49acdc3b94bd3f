import { Worker } from "node:worker_threads";
import { BuiltInFault } from "../built-in-fault.ts";
import { ComputeFault } from "./compute-fault.ts";
import type { ComputeTask } from "./compute-rows.ts";
import type { Result } from "./write-result.ts";

export type FromComputeThread =
  | { readonly result: Result }
  | { readonly fault: { readonly code: string; readonly message: string; readonly retryable: boolean } };

/** This program's own sources, or what was built from them. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const ENTRY = IS_SOURCE ? new URL("./compute-thread.ts", import.meta.url) : new URL("./compute-thread.js", import.meta.url);

export interface ThreadOptions {
  readonly signal: AbortSignal;
  /** Heap of the thread, in MiB. */
  readonly memoryMb: number;
}

/** Computes in a thread of its own, which has ended when this returns or throws. An abort ends it at once, whatever it does. */
export async function runInThread(task: ComputeTask, { signal, memoryMb }: ThreadOptions): Promise<Result> {
  signal.throwIfAborted();
  const worker = new Worker(ENTRY, {
    workerData: task,
    name: "compute",
    // Sources are found by their condition, which a thread does not take over.
    execArgv: IS_SOURCE ? ["--conditions=@tickline/source"] : [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  worker.on("message", (message: FromComputeThread) =>
    "result" in message ? resolve(message.result) : reject(new BuiltInFault(message.fault.code, message.fault.message, message.fault)),
  );
  worker.on("error", (fault) => reject(toFault(fault, memoryMb)));
  worker.on("exit", () => reject(new ComputeFault("compute_failed", "the thread ended without a result")));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

function toFault(fault: unknown, memoryMb: number): ComputeFault {
  const { code, message } = fault as { readonly code?: unknown; readonly message?: unknown };
  if (code === "ERR_WORKER_OUT_OF_MEMORY")
    return new ComputeFault(
      "compute_memory",
      `the rows need more than ${memoryMb} MiB of memory; filter and group them early, sort and join fewer, or raise COMPUTE_MEMORY_MB`,
    );
  return new ComputeFault("compute_failed", `the thread failed: ${String(message)}`);
}
