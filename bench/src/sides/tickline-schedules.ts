import { toIso } from "@tickline/shared/domain/time/instant";
import { expectedFires, firstOffsetMs, type SchedulePlan, type ScheduleResult } from "../plan/schedule-plan.ts";
import { benchJob, createJobs } from "../bench-job.ts";
import { countEnded } from "./ended-runs.ts";
import { runSide } from "./side.ts";
import { createStartLog, wallMs } from "../start-log.ts";
import { openTickline, type TicklinePlace } from "./tickline.ts";
import { cameInTime, waitUntil } from "../wait.ts";

/** How long after the window it may go on before what is missing counts as missing. */
const PATIENCE_MS = 30_000;

/** Recurring schedules with a first instant each, measured over a window of fires. */
await runSide<SchedulePlan & TicklinePlace, ScheduleResult>(async (plan) => {
  const now = Math.ceil(wallMs());
  const from = now + plan.leadMs;
  const to = from + plan.windowMs;
  const expected = expectedFires(plan);
  const log = createStartLog({ from, to, expected });
  const tickline = await openTickline({ ...plan, onStart: (scheduledFor) => log.started(scheduledFor) });
  const ended = countEnded(tickline.store, { expected, counts: ({ scheduledFor }) => scheduledFor < to });
  await createJobs(tickline.store, plan.schedules, (index) => {
    const schedule = { every: `${plan.everyMs}ms`, startAt: toIso(from + firstOffsetMs(plan, index)) };
    return benchJob(index, { name: `Recurring ${index}`, handler: "noop", schedule }, now);
  });
  await tickline.start();
  if (wallMs() > from) throw new Error(`making ${plan.schedules} schedules took longer than the lead of ${plan.leadMs} ms`);
  await waitUntil(from);
  const cpu = process.cpuUsage();
  await cameInTime(ended.all, plan.windowMs + PATIENCE_MS);
  const drainMs = wallMs() - from;
  const used = process.cpuUsage(cpu);
  const result = { lateness: log.lateness(), expected, drainMs, cpuMs: (used.user + used.system) / 1_000 };
  await tickline.close();
  return result;
});
