import { parentPort, workerData } from "node:worker_threads";
import { serveFile } from "./serve-file.ts";
import type { ThreadData } from "./thread-messages.ts";

if (parentPort === null) throw new Error("the store's thread was started by nobody");
serveFile(parentPort, workerData as ThreadData);
