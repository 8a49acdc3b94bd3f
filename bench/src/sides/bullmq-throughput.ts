import { Queue, Worker } from "bullmq";
import type { ThroughputPlan, ThroughputResult } from "../plan/throughput-plan.ts";
import { runSide } from "./side.ts";
import { cameInTime } from "../wait.ts";

const BULK = 1_000;
const PATIENCE_MS = 120_000;

/** Jobs that wait in the queue before the worker begins: the peer's quickest way, with no schedule to evaluate. */
await runSide<ThroughputPlan & { readonly socket: string }, ThroughputResult>(async ({ jobs, concurrency, socket }) => {
  const connection = { path: socket };
  const queue = new Queue("bench", { connection });
  for (let made = 0; made < jobs; made += BULK) {
    const bulk = Array.from({ length: Math.min(BULK, jobs - made) }, () => ({ name: "noop", data: {} }));
    await queue.addBulk(bulk);
  }
  const worker = new Worker("bench", () => Promise.resolve(), { connection, concurrency, autorun: false });
  await worker.waitUntilReady();
  const completed = Promise.withResolvers<void>();
  let runs = 0;
  worker.on("completed", () => {
    runs += 1;
    if (runs === jobs) completed.resolve();
  });
  const start = performance.now();
  const cpu = process.cpuUsage();
  void worker.run();
  await cameInTime(completed.promise, PATIENCE_MS);
  const tookMs = performance.now() - start;
  const used = process.cpuUsage(cpu);
  return { runs, tookMs, cpuMs: (used.user + used.system) / 1_000 };
});
