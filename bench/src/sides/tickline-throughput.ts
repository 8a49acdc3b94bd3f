import { toIso } from "@tickline/shared/domain/time/instant";
import type { ThroughputPlan, ThroughputResult } from "../plan/throughput-plan.ts";
import { benchJob, createJobs } from "../bench-job.ts";
import { countEnded } from "./ended-runs.ts";
import { runSide } from "./side.ts";
import { wallMs } from "../start-log.ts";
import { openTickline, type TicklinePlace } from "./tickline.ts";
import { cameInTime, waitUntil } from "../wait.ts";

const PATIENCE_MS = 120_000;

/** Jobs of one instant each, the same for all. Timed from that instant to the last result that is on disk. */
await runSide<ThroughputPlan & TicklinePlace, ThroughputResult>(async ({ jobs, concurrency, leadMs, dataDir }) => {
  const tickline = await openTickline({ dataDir, concurrency, onStart: () => undefined });
  const ended = countEnded(tickline.store, { expected: jobs, counts: () => true });
  const now = Math.ceil(wallMs());
  const dueAt = now + leadMs;
  const schedule = { at: toIso(dueAt) };
  await createJobs(tickline.store, jobs, (index) => benchJob(index, { name: `No-op ${index}`, handler: "noop", schedule }, now));
  await tickline.start();
  if (wallMs() > dueAt) throw new Error(`making ${jobs} jobs took longer than the lead of ${leadMs} ms`);
  await waitUntil(dueAt);
  const cpu = process.cpuUsage();
  await cameInTime(ended.all, PATIENCE_MS);
  const tookMs = wallMs() - dueAt;
  const used = process.cpuUsage(cpu);
  await tickline.close();
  return { runs: ended.count, tookMs, cpuMs: (used.user + used.system) / 1_000 };
});
