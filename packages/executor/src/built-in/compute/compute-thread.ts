import { parentPort, workerData } from "node:worker_threads";
// oxlint-disable-next-line rings/arrows -- the entry of a thread connects adapters, as main.ts does
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { computeRows, type ComputeTask } from "./compute-rows.ts";
import type { FromComputeThread } from "./run-in-thread.ts";

const port = parentPort;
if (port === null) throw new Error("rows are computed in a worker thread");
const send = (message: FromComputeThread): void => port.postMessage(message);

computeRows(workerData as ComputeTask, systemClock).then(
  (result) => send({ result }),
  (fault: unknown) => {
    const { code, message, retryable } = fault as { readonly code?: unknown; readonly message?: unknown; readonly retryable?: unknown };
    send({
      fault: { code: typeof code === "string" ? code : "compute_failed", message: String(message ?? fault), retryable: retryable === true },
    });
  },
);
