import { Queue, Worker } from "bullmq";
import { expectedFires, firstOffsetMs, type SchedulePlan, type ScheduleResult } from "../plan/schedule-plan.ts";
import { runSide } from "./side.ts";
import { createStartLog, wallMs } from "../start-log.ts";
import { cameInTime, makeAll, waitUntil } from "../wait.ts";

const UPSERTS_IN_FLIGHT = 500;
/** How long after the window the peer may go on before what is missing counts as missing. */
const PATIENCE_MS = 30_000;

/** BullMQ job schedulers, one for each schedule, and one worker with the concurrency given. */
await runSide<SchedulePlan & { readonly socket: string }, ScheduleResult>(async (plan) => {
  const connection = { path: plan.socket };
  const queue = new Queue("bench", { connection });
  await queue.waitUntilReady();
  const from = Math.ceil(wallMs()) + plan.leadMs;
  const every = plan.everyMs;
  await makeAll(plan.schedules, UPSERTS_IN_FLIGHT, (index) =>
    queue.upsertJobScheduler(`schedule-${index}`, { every, startDate: from + firstOffsetMs(plan, index) }, { name: "noop", data: {} }),
  );
  if (wallMs() > from) throw new Error(`making ${plan.schedules} schedulers took longer than the lead of ${plan.leadMs} ms`);

  const expected = expectedFires(plan);
  const log = createStartLog({ from, to: from + plan.windowMs, expected });
  const completed = Promise.withResolvers<void>();
  let completions = 0;
  // The id of a scheduler's job ends in the instant it is due.
  const dueAt = (id: string | undefined): number => Number(id?.slice(id.lastIndexOf(":") + 1));
  const worker = new Worker("bench", (job) => Promise.resolve(log.started(dueAt(job.id))), { connection, concurrency: plan.concurrency });
  worker.on("completed", ({ id }) => {
    if (dueAt(id) < from + plan.windowMs && ++completions === expected) completed.resolve();
  });
  await worker.waitUntilReady();
  await waitUntil(from);
  const cpu = process.cpuUsage();
  await cameInTime(completed.promise, plan.windowMs + PATIENCE_MS);
  const drainMs = wallMs() - from;
  const used = process.cpuUsage(cpu);
  return { lateness: log.lateness(), expected, drainMs, cpuMs: (used.user + used.system) / 1_000 };
});
