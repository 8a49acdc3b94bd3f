import { gridFor, nestedGrid, type Deed, type JobShapes } from "./job-shape.ts";
import type { NamedPlan } from "./job-input.ts";
import { createOwnJob, removeOwnJob, replaceOwnJob, switchOwnJob, type OwnJob, type OwnJobDeps } from "./own-job.ts";
import { triggerNow } from "./trigger-now.ts";

/** One client with one job at a time, whose whole life it goes through in single steps. */
export interface JobActor {
  readonly jobId: string | null;
  /** Does one thing, as chance will have it. */
  step(): Promise<void>;
  /** Leaves the job at rest. */
  pause(): Promise<void>;
}

/** How often a job is created under an id of the client's, and then under one it had before. */
const OWN_ID_SHARE = 0.6;
const OLD_ID_SHARE = 0.3;
/** How often a paused job is resumed next, so that most jobs fire most of the time. */
const RESUME_SHARE = 0.6;

/** `nothing`: this time the job is left alone. */
const DEEDS: readonly (readonly [weight: number, deed: Deed | "nothing"])[] = [
  [3, "edit"],
  [2, "reschedule"],
  [4, "pause"],
  [4, "trigger"],
  [1, "delete"],
  [2, "nothing"],
];

export function createJobActor(deps: OwnJobDeps, shapes: JobShapes): JobActor {
  const { random, name } = deps;
  let job: OwnJob | null = null;
  let lastId: string | null = null;
  let serial = 0;

  const nextMark = (): string => `${name}.${(serial += 1)}`;

  async function create(): Promise<OwnJob | null> {
    const shape = random.pick(shapes);
    const { overlap, onUncertain } = shape;
    const mark = nextMark();
    const named: NamedPlan = { name: `job ${mark}`, plan: { mark, grid: gridFor(shape, random, Date.now()), overlap, onUncertain }, shape };
    const ownId = lastId !== null && random.chance(OLD_ID_SHARE) ? lastId : mark;
    return createOwnJob(deps, random.chance(OWN_ID_SHARE) ? ownId : null, named);
  }
  async function treat(current: OwnJob): Promise<OwnJob | null> {
    const { deeds } = current.shape;
    if (current.state === "paused" && random.chance(RESUME_SHARE)) return switchOwnJob(deps, current, "active");
    switch (random.pick(DEEDS.filter(([, deed]) => deed === "nothing" || deeds.includes(deed)))) {
      case "edit":
        return replaceOwnJob(deps, current, { ...current.plan, mark: nextMark() });
      case "reschedule":
        return replaceOwnJob(deps, current, { ...current.plan, mark: nextMark(), grid: nestedGrid(current.plan.grid, random) });
      case "pause":
        return switchOwnJob(deps, current, current.state === "paused" ? "active" : "paused");
      case "trigger":
        await triggerNow(deps, current, (serial += 1));
        return current;
      case "delete":
        return removeOwnJob(deps, current);
      case "nothing":
        return current;
    }
  }
  return {
    get jobId() {
      return job?.id ?? null;
    },
    async step() {
      job = job === null ? await create() : await treat(job);
      lastId = job?.id ?? lastId;
    },
    async pause() {
      if (job?.state === "active") job = await switchOwnJob(deps, job, "paused");
    },
  };
}
