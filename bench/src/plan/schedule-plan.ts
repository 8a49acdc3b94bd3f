import type { Lateness } from "../report/statistics.ts";

/** What both sides of the lateness and burst benches are asked: so many schedules, due like this, measured for so long. */
export interface ScheduleLoad {
  readonly schedules: number;
  readonly everyMs: number;
  /** First instants are spread evenly over this long, in whole milliseconds; 0: all schedules are due at one instant. */
  readonly spreadMs: number;
  /** Fires due within this long of the first instant are measured. */
  readonly windowMs: number;
  /** Handlers that may run at once. */
  readonly concurrency: number;
}

export interface SchedulePlan extends ScheduleLoad {
  /** Time for making the schedules, before the first of them is due. */
  readonly leadMs: number;
}

/** Slower than each side makes schedules on two cores, so that all are there before the first is due. */
const TICKLINE_MADE_PER_MS = 4;
const BULLMQ_MADE_PER_MS = 2;
const LEAD_MS_MIN = 6_000;

const planWith = (load: ScheduleLoad, madePerMs: number): SchedulePlan => ({ ...load, leadMs: LEAD_MS_MIN + load.schedules / madePerMs });
export const ticklinePlan = (load: ScheduleLoad): SchedulePlan => planWith(load, TICKLINE_MADE_PER_MS);
export const bullmqPlan = (load: ScheduleLoad): SchedulePlan => planWith(load, BULLMQ_MADE_PER_MS);

export interface ScheduleResult {
  readonly lateness: Lateness;
  readonly expected: number;
  /** From the first instant due to the last completion, durable as far as that side's store is. */
  readonly drainMs: number;
  /** CPU time of the measured process, in milliseconds, from the first instant to the last completion. */
  readonly cpuMs: number;
}

export const firstOffsetMs = ({ spreadMs, schedules }: SchedulePlan, index: number): number => Math.floor((index * spreadMs) / schedules);

/** Fires due in the window, counted schedule by schedule: what must have happened, whichever side reports it. */
export function expectedFires(plan: SchedulePlan): number {
  let fires = 0;
  for (let index = 0; index < plan.schedules; index += 1) {
    const restMs = plan.windowMs - firstOffsetMs(plan, index);
    if (restMs > 0) fires += Math.ceil(restMs / plan.everyMs);
  }
  return fires;
}
