import type { Fire } from "@tickline/shared/domain/fire/fire";
import { pickCursor, type Job } from "@tickline/shared/domain/job/job";
import { standingToClock, type SetBackClock } from "@tickline/shared/domain/fire/set-back";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time/time-limits";
import type { UpcomingQuery } from "@tickline/shared/ports/jobs/due-jobs";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createLoop } from "@tickline/shared/runtime/service/loop";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ShardContext } from "../shard-context.ts";

export interface SetBackSweep extends Service {
  /** Checks whether the clock was set back, and if so goes through one page of jobs. Returns true if there are more pages. */
  sweep(): Promise<boolean>;
}

export interface SetBackListeners {
  /** The next instant of a job has changed. */
  readonly onMoved: (jobUid: string, nextRunAt: number | null) => void;
  /** Runs may have become publishable. */
  readonly onPublishable: () => void;
}

/** Wait between two pages, because fires go first. Milliseconds. */
const PAUSE_MS = 50;
/** Wait between two checks of the clock. Milliseconds. */
const CHECK_MS = 1_000;
/** Ids that one log line names. */
const NAMED_MAX = 20;

/** Used as the set-back when it is unknown whether there was one. */
const FIRST = { count: 0, wasAhead: false } as const;
const NONE = -1;

/** One pass through all jobs, and its outcome so far. */
interface Pass {
  /** Which set-back it is for. */
  readonly count: number;
  readonly clock: SetBackClock;
  after: UpcomingQuery["after"];
  waits: number;
  moved: number;
  waiting: number;
  /** The first of those that wait. */
  readonly waitingIds: string[];
}

/**
 * Corrects jobs and runs after the store's clock was set back. There is one pass for each set-back, and one by each new leader while the clock
 * is still behind a time that decisions were made by. Waits that can only have been set by a clock that was ahead continue by the present
 * clock, and jobs move back to the instants that are still to come (`standingToClock`). Jobs that cannot move back are logged, because they
 * fire nothing until the clock reaches them. A database of an older version has no record of such times: there, all jobs are checked once
 * for fires ahead of the clock.
 */
export function createSetBackSweep(context: ShardContext, { onMoved, onPublishable }: SetBackListeners): SetBackSweep {
  const { dueJobs, dueRuns, retention, shard, config, clock, log, leads, now, time } = context;
  let done = NONE;
  let firstDone = false;
  let pass: Pass | null = null;

  async function begin(): Promise<Pass | null> {
    const first = time.decidedBefore() === 0 && !firstDone ? FIRST : null;
    const setBack = time.setBack() ?? first;
    if (setBack === null || setBack.count === done) return null;
    const { runs: runsForgotten } = await retention.forgotten();
    const waits = await dueRuns.resetWaits({ shard, now: now(), waitMsMax: config.repeatMsMax });
    if (waits > 0) onPublishable();
    const { count, wasAhead } = setBack;
    const right: SetBackClock = { now: now(), runsForgotten, wasAhead };
    return { count, clock: right, after: { nextRunAt: right.now, uid: "" }, waits, moved: 0, waiting: 0, waitingIds: [] };
  }
  async function sweep(): Promise<boolean> {
    if (!leads()) return false;
    pass ??= await begin();
    if (pass === null) return false;
    const page = await dueJobs.upcoming({ shard, until: null, after: pass.after, limit: config.setBackJobsMax });
    await moveBack(context, page, { pass, onMoved });
    const last = page.at(-1);
    pass.after = last === undefined ? null : { nextRunAt: last.nextRunAt ?? 0, uid: last.uid };
    if (page.length === config.setBackJobsMax) return true;
    conclude(context, pass);
    done = pass.count;
    firstDone = true;
    pass = null;
    return false;
  }
  const loop = createLoop({ name: "set-back", clock, log, runOnce: async () => ((await sweep()) ? PAUSE_MS : CHECK_MS) });
  return {
    start() {
      done = NONE; // Another scheduler may have led meanwhile, and not have completed its pass.
      pass = null;
      return loop.start();
    },
    stop: loop.stop,
    sweep,
  };
}

interface Moving extends Pick<SetBackListeners, "onMoved"> {
  readonly pass: Pass;
}

/** Moves back the jobs of one page that are ahead of the clock. Those that the store refuses to move wait, and are logged. */
async function moveBack(context: ShardContext, page: readonly Job[], moving: Moving): Promise<void> {
  const corrections = page.map((job) => decideCorrection(context, job, moving.pass));
  const fires = corrections.flatMap((correction) => (correction.kind === "moves" ? [correction.fire] : []));
  const refused = await inHalves(fires, (some) => move(context, some, moving));
  for (const { item, fault } of refused)
    context.log.warn({ err: fault, jobId: item.job.id }, "a job that is ahead of the clock could not be moved back, and waits");
  noteWaiting(moving.pass, [
    ...corrections.flatMap((correction) => (correction.kind === "waits" ? [correction.jobId] : [])),
    ...refused.map(({ item }) => item.job.id),
  ]);
}

/** A job that loses its compare-and-set was written meanwhile, by a correct clock. */
async function move({ dueJobs }: ShardContext, fires: readonly Fire[], { pass, onMoved }: Moving): Promise<void> {
  const { outcomes } = await dueJobs.fire({ fires, now: pass.clock.now, claimant: null, claimed: [] });
  for (const [index, { job, advance }] of fires.entries()) {
    if (outcomes[index]?.kind !== "won") continue;
    pass.moved += 1;
    onMoved(job.uid, advance?.nextRunAt ?? null);
  }
}

/** What to do with a job. */
type Correction =
  | { readonly kind: "stays" }
  | { readonly kind: "moves"; readonly fire: Fire }
  | { readonly kind: "waits"; readonly jobId: string };

const STAYS: Correction = { kind: "stays" };

/** A job whose correction cannot be decided does not keep the others from theirs. */
function decideCorrection({ log }: ShardContext, job: Job, { count, clock }: Pass): Correction {
  if (job.unreadable !== undefined) return STAYS; // It is unknown when it is due.
  try {
    if (count === FIRST.count && !firedAhead(job, clock.now)) return STAYS;
    const standing = standingToClock(job, clock);
    if (standing.kind === "on_time") return STAYS;
    if (standing.from === null) return { kind: "waits", jobId: job.id };
    return { kind: "moves", fire: { job, advance: { ...pickCursor(job), nextRunAt: standing.from }, entries: [] } };
  } catch (fault) {
    log.warn({ err: fault, jobId: job.id }, "it could not be decided whether a job is ahead of the clock");
    return STAYS;
  }
}

function noteWaiting(pass: Pass, jobIds: readonly string[]): void {
  pass.waiting += jobIds.length;
  pass.waitingIds.push(...jobIds.slice(0, NAMED_MAX - pass.waitingIds.length));
}

/** The one sure sign of a clock that was ahead, where there is no record of one. */
const firedAhead = ({ lastScheduledFor }: Job, now: number): boolean =>
  lastScheduledFor !== null && lastScheduledFor > now + STORE_TIME_DIFFERENCE_MS_MAX;

function conclude({ shard, log, metrics }: ShardContext, { waits, moved, waiting, waitingIds }: Pass): void {
  metrics.setBackJobs.inc({ outcome: "moved" }, moved);
  metrics.setBackJobs.inc({ outcome: "waiting" }, waiting);
  if (waits + moved + waiting === 0) return;
  log.warn(
    { shard, runs: waits, moved, waiting, waitingJobs: waitingIds },
    "the store's clock was set back: jobs that were ahead of it were moved back; those that wait fire nothing until it reaches their instants",
  );
}
