import type { Grid } from "../checker/grid.ts";
import type { Plan } from "../checker/history.ts";
import type { TargetBehaviour } from "../recorder/target-behaviour.ts";
import type { JobShape } from "./job-shape.ts";

/** Who carries runs out and puts them on record. */
export interface Target {
  readonly handler: string;
  params(behaviour: TargetBehaviour): Record<string, unknown>;
  /** The mark in params that this made; empty for others. */
  readMark(params: Readonly<Record<string, unknown>>): string;
}

export interface NamedPlan {
  readonly name: string;
  readonly plan: Plan;
  readonly shape: JobShape;
}

/** The body of POST or PUT for a job. */
export const jobInput = (target: Target, { name, plan, shape }: NamedPlan): Record<string, unknown> => ({
  name,
  handler: target.handler,
  params: target.params({ mark: plan.mark, ...shape.behaviour, failStatus: 500 }),
  schedule: scheduleInput(plan.grid, shape),
  overlap: plan.overlap,
  onUncertain: plan.onUncertain,
  retry: { maxAttempts: shape.maxAttempts, backoff: "fixed", delayMs: 100, jitter: "full" },
});

function scheduleInput(grid: Grid, { anchoredAtCreation }: JobShape): Record<string, unknown> {
  if (grid.kind === "once") return { at: iso(grid.at) };
  return {
    every: `${grid.everyMs}ms`,
    ...(anchoredAtCreation ? {} : { startAt: iso(grid.firstAt) }),
    ...(grid.count === null ? {} : { maxRuns: grid.count }),
  };
}

const iso = (instant: number): string => new Date(instant).toISOString();
