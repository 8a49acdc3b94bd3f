import { parentPort, workerData } from "node:worker_threads";
import { serveFile } from "./serve-file.ts";
import type { ThreadData } from "./thread-messages.ts";

if (parentPort === null) throw new Error("the store's thread must be started as a worker thread");
serveFile(parentPort, workerData as ThreadData);
