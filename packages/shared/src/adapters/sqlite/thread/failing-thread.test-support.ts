import { parentPort } from "node:worker_threads";

/** A substitute for the store's thread: opens, and fails at the first call. */
parentPort?.on("message", () => {
  throw new Error("the disk caught fire");
});
parentPort?.postMessage({ ready: true });
