import type { Lateness } from "./statistics.ts";

/** What both sides of the lateness and burst benches are asked: so many schedules, due like this, measured for so long. */
export interface SchedulePlan {
  readonly schedules: number;
  readonly everyMs: number;
  /** First instants are spread evenly over this long, in whole milliseconds; 0: all schedules are due at one instant. */
  readonly spreadMs: number;
  /** Fires due within this long of the first instant are measured. */
  readonly windowMs: number;
  /** Handlers that may run at once. */
  readonly concurrency: number;
  /** Time for making the schedules, before the first of them is due. */
  readonly leadMs: number;
}

export interface ScheduleResult {
  readonly lateness: Lateness;
  readonly expected: number;
  /** From the first instant due to the last completion, durable as far as that side's store is. */
  readonly drainMs: number;
  /** CPU time of the measured process, in milliseconds, from the first instant to the last completion. */
  readonly cpuMs: number;
}

export const firstOffsetMs = ({ spreadMs, schedules }: SchedulePlan, index: number): number => Math.floor((index * spreadMs) / schedules);

/** Fires due in the window, counted schedule by schedule: what must have happened, whoever says what did. */
export function expectedFires(plan: SchedulePlan): number {
  let fires = 0;
  for (let index = 0; index < plan.schedules; index += 1) {
    const restMs = plan.windowMs - firstOffsetMs(plan, index);
    if (restMs > 0) fires += Math.ceil(restMs / plan.everyMs);
  }
  return fires;
}
