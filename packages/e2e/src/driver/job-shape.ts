import type { Grid } from "../checker/grid.ts";
import type { Plan } from "../checker/history.ts";
import type { TargetBehaviour } from "../recorder/target-behaviour.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** What may be done to a job of a shape, beside triggering and deleting it. */
export type Deed = "edit" | "reschedule" | "pause" | "trigger" | "delete";

/** One kind of job that the driver makes. */
export interface JobShape {
  readonly everyMs: readonly [min: number, max: number] | null;
  /** Counted from its creation instead of a `startAt`. */
  readonly anchoredAtCreation: boolean;
  readonly count: number | null;
  readonly overlap: Plan["overlap"];
  readonly onUncertain: Plan["onUncertain"];
  readonly maxAttempts: number;
  readonly behaviour: Omit<TargetBehaviour, "mark" | "failStatus">;
  readonly deeds: readonly Deed[];
}

const ALL_DEEDS: readonly Deed[] = ["edit", "reschedule", "pause", "trigger", "delete"];

const PLAIN: JobShape = {
  everyMs: [100, 1_000],
  anchoredAtCreation: false,
  count: null,
  overlap: "allow",
  onUncertain: "rerun",
  maxAttempts: 3,
  behaviour: { slowMs: 0, failUntil: 0 },
  deeds: ALL_DEEDS,
};

/** Kinds of jobs by how many there are of each. */
export type JobShapes = readonly (readonly [weight: number, shape: JobShape])[];

export const ALL_SHAPES: JobShapes = [
  [6, PLAIN],
  [2, { ...PLAIN, anchoredAtCreation: true, deeds: ["edit", "pause", "trigger", "delete"] }],
  [2, { ...PLAIN, overlap: "skip", everyMs: [150, 400], behaviour: { slowMs: 250, failUntil: 0 } }],
  [1, { ...PLAIN, overlap: "buffer_one", everyMs: [300, 600], behaviour: { slowMs: 350, failUntil: 0 } }],
  [1, { ...PLAIN, overlap: "buffer_all", everyMs: [400, 800], behaviour: { slowMs: 150, failUntil: 0 } }],
  [1, { ...PLAIN, overlap: "cancel_running", everyMs: [300, 600], behaviour: { slowMs: 350, failUntil: 0 } }],
  [2, { ...PLAIN, everyMs: [700, 1_200], behaviour: { slowMs: 700, failUntil: 0 } }],
  [2, { ...PLAIN, everyMs: [400, 1_000], maxAttempts: 6, behaviour: { slowMs: 20, failUntil: 3 } }],
  [1, { ...PLAIN, everyMs: [400, 1_000], maxAttempts: 2, behaviour: { slowMs: 0, failUntil: 1_000 } }],
  [2, { ...PLAIN, everyMs: [300, 800], onUncertain: "skip", behaviour: { slowMs: 250, failUntil: 0 } }],
  [2, { ...PLAIN, everyMs: [150, 300], count: 8, deeds: ["trigger"] }],
  [3, { ...PLAIN, everyMs: null, deeds: ["edit", "trigger", "delete"] }],
  [1, { ...PLAIN, everyMs: null, behaviour: { slowMs: 800, failUntil: 0 }, deeds: ["pause", "trigger"] }],
];

/** Jobs whose runs take 8 s each and overlap, and which are not changed once they are made. */
export const ONLY_LONG: JobShapes = [[1, { ...PLAIN, everyMs: [2_000, 3_000], behaviour: { slowMs: 8_000, failUntil: 0 }, deeds: [] }]];

/** Jobs of which some run for longer than it takes to give a lost lease to another executor. They are changed by no client, only triggered. */
export const LONG_SHAPES: JobShapes = [
  ...ONLY_LONG,
  [1, { ...PLAIN, everyMs: [1_000, 2_000], behaviour: { slowMs: 200, failUntil: 0 }, deeds: ["trigger"] }],
];

/** Most milliseconds between now and the first instant of a schedule. */
const START_MS_MAX = 2_000;

/** When a new job of this shape fires. */
export function gridFor(shape: JobShape, random: SeededRandom, now: number): Grid {
  // A counted schedule, and a single instant, must lie ahead when the job is made: what counts from the past is not knowable from outside.
  if (shape.everyMs === null) return { kind: "once", at: now + random.whole(100, START_MS_MAX) };
  const ahead = shape.count === null ? random.whole(-START_MS_MAX, START_MS_MAX) : random.whole(START_MS_MAX / 2, START_MS_MAX);
  return { kind: "every", firstAt: now + ahead, everyMs: random.whole(...shape.everyMs), count: shape.count };
}

/** Another schedule whose instants are some of the old one's, or all of them and more: an edit must lose none that both have. */
export function nestedGrid(grid: Grid, random: SeededRandom): Grid {
  if (grid.kind === "once") return grid;
  const everyMs = grid.everyMs >= 200 && grid.everyMs % 2 === 0 && random.chance(0.5) ? grid.everyMs / 2 : grid.everyMs * 2;
  return everyMs > 4_000 ? { ...grid, everyMs: 500 } : { ...grid, everyMs };
}
