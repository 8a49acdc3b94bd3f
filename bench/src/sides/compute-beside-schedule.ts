import { toIso } from "@tickline/shared/domain/time/instant";
import type { ComputeBesidePlan, ComputeBesideResult } from "../benches/compute-beside-schedule.ts";
import { benchJob, createJobs, type BenchJobInput } from "../bench-job.ts";
import { countEnded } from "./ended-runs.ts";
import { runSide } from "./side.ts";
import { createStartLog, wallMs } from "../start-log.ts";
import { openTickline, type TicklinePlace } from "./tickline.ts";
import { cameInTime, waitUntil } from "../wait.ts";

const LEAD_MS = 3_000;
const PATIENCE_MS = 30_000;
/** More at once than there are threads would only wait. */
const CONCURRENCY = 50;

const STEPS = [
  { group: { aggregates: { p50: { fn: "p50", column: "n" }, p99: { fn: "p99", column: "n" }, sum: { fn: "sum", column: "n" } } } },
];

/** Jobs of every second, while another job aggregates rows all the time: its runs follow one another. */
await runSide<ComputeBesidePlan & TicklinePlace, ComputeBesideResult>(async ({ dataDir, schedules, windowMs, rows }) => {
  const now = Math.ceil(wallMs());
  const from = now + LEAD_MS;
  const to = from + windowMs;
  const expected = schedules * Math.ceil(windowMs / 1_000);
  const log = createStartLog({ from, to, expected });
  const tickline = await openTickline({ dataDir, concurrency: CONCURRENCY, onStart: (scheduledFor) => log.started(scheduledFor) });
  const startAt = (index: number): string => toIso(from + Math.floor((index * 1_000) / (schedules + 1)));
  const rowsJob = benchJob(
    schedules,
    {
      name: "Rows",
      handler: "compute",
      schedule: { every: "2s", startAt: startAt(schedules) },
      params: { from: { range: rows }, steps: STEPS },
    },
    now,
  );
  const computed = countEnded(tickline.store, { expected: Infinity, counts: ({ jobId }) => jobId === rowsJob.id });
  await createJobs(tickline.store, schedules + (rows > 0 ? 1 : 0), (index) => {
    const input: BenchJobInput = { name: `Every second ${index}`, handler: "noop", schedule: { every: "1s", startAt: startAt(index) } };
    return index < schedules ? benchJob(index, input, now) : rowsJob;
  });
  await tickline.start();
  await waitUntil(from);
  await cameInTime(log.all, windowMs + PATIENCE_MS);
  const result = { lateness: log.lateness(), expected, computed: computed.count };
  await tickline.close();
  return result;
});
