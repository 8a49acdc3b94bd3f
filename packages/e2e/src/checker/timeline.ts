import { listInstants, isOnGrid, type Grid } from "./grid.ts";
import type { Moment, Plan, Write } from "./history.ts";

/** A stretch of a job's life between two writes. */
interface Stretch {
  readonly state: "absent" | "active" | "paused";
  readonly plan: Plan | null;
  /** When it began, and when it ended: each known only to lie between the two ends of a request. */
  readonly began: Moment;
  readonly ended: Moment;
  /** True when a later write ended the pause: that write records what the pause left out. */
  readonly recorded: boolean;
}

/** What must become of one instant. */
export interface Expectation {
  /** `must`: whenever the writes around it took effect, the job was active. `may`: it depends on when. */
  readonly fires: "must" | "may" | "never";
  /** Of the definitions that a run for it may use. */
  readonly marks: readonly string[];
  readonly plans: readonly Plan[];
  /** True when the job was paused for certain, and the pause has ended: the instant must be on record as skipped. */
  readonly skippedByPause: boolean;
}

/** The life of one job id, as its acknowledged writes tell it. */
export interface Timeline {
  expectAt(instant: number): Expectation;
  /** Instants up to `horizon` that need an account, in order. */
  instantsUntil(horizon: number): number[];
  /** The state behind the last write, and its definition. */
  readonly last: { readonly state: Stretch["state"]; readonly plan: Plan | null };
}

const NEVER: Moment = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY };
const ALWAYS: Moment = { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY };

/** `writes` are those of one job id, in order; their moments do not overlap. */
export function buildTimeline(writes: readonly Write[]): Timeline {
  const stretches = splitStretches(writes);
  const lastStretch = stretches.at(-1);

  function expectAt(instant: number): Expectation {
    const around = stretches.filter(({ began, ended }) => began.from <= instant && instant <= ended.to);
    const firing = around.filter((stretch) => stretch.state === "active" && mayFire(stretch, instant));
    const certain = firing.length === around.length && firing.every((stretch) => firesForCertain(stretch, instant));
    const plans = firing.flatMap(({ plan }) => plan ?? []);
    return {
      fires: firing.length === 0 ? "never" : certain ? "must" : "may",
      plans,
      marks: plans.map(({ mark }) => mark),
      skippedByPause: around.length > 0 && around.every((stretch) => leftOutByPause(stretch, instant)),
    };
  }
  return {
    expectAt,
    instantsUntil(horizon) {
      const instants = stretches.flatMap(({ state, plan, began, ended }) =>
        plan === null || state === "absent" ? [] : listInstants(plan.grid, { from: began.from, to: Math.min(ended.to, horizon) }),
      );
      return [...new Set(instants)].sort((a, b) => a - b);
    },
    last: { state: lastStretch?.state ?? "absent", plan: lastStretch?.plan ?? null },
  };
}

function splitStretches(writes: readonly Write[]): Stretch[] {
  const stretches: Stretch[] = [];
  let state: Stretch["state"] = "absent";
  let plan: Plan | null = null;
  for (const [index, write] of [null, ...writes].entries()) {
    if (write !== null) {
      state = stateAfter(write, state);
      plan = write.kind === "delete" ? null : "plan" in write ? write.plan : plan;
    }
    const next = writes[index];
    stretches.push({ state, plan, began: write ?? ALWAYS, ended: next ?? NEVER, recorded: endsPause(writes.slice(index), plan) });
  }
  return stretches;
}

function stateAfter(write: Write, state: Stretch["state"]): Stretch["state"] {
  switch (write.kind) {
    case "create":
    case "resume":
      return "active";
    case "edit":
      return state;
    case "pause":
      return "paused";
    case "delete":
      return "absent";
  }
}

/** A job that was perhaps created behind its first instant counts its runs from an instant that is not known outside. */
const countIsKnown = (grid: Grid, began: Moment): boolean => grid.kind === "once" || grid.count === null || began.to < grid.firstAt;

const unlimited = (grid: Grid): Grid => (grid.kind === "once" ? grid : { ...grid, count: null });

const mayFire = ({ plan, began }: Stretch, instant: number): boolean =>
  plan !== null && isOnGrid(countIsKnown(plan.grid, began) ? plan.grid : unlimited(plan.grid), instant);

const firesForCertain = ({ plan, began }: Stretch, instant: number): boolean =>
  plan !== null && countIsKnown(plan.grid, began) && isOnGrid(plan.grid, instant);

const leftOutByPause = ({ state, plan, recorded }: Stretch, instant: number): boolean =>
  state === "paused" && recorded && plan !== null && isOnGrid(plan.grid, instant);

/** A resume, a delete and a change of the schedule record the pause so far; any other edit leaves that to a later write. */
function endsPause(later: readonly Write[], plan: Plan | null): boolean {
  const ending = later.find((write) => write.kind !== "edit" || JSON.stringify(write.plan.grid) !== JSON.stringify(plan?.grid));
  return ending !== undefined && ending.kind !== "pause";
}
