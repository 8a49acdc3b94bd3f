import type { Fire } from "@tickline/shared/domain/fire";
import { pickCursor, type Job } from "@tickline/shared/domain/job";
import { standingToClock, type SetBackClock } from "@tickline/shared/domain/set-back";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "@tickline/shared/domain/time-limits";
import type { UpcomingQuery } from "@tickline/shared/ports/due-jobs";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import { createLoop } from "@tickline/shared/runtime/loop";
import type { Service } from "@tickline/shared/runtime/service";
import type { RangeContext } from "./scheduler-deps.ts";

export interface SetBackSweep extends Service {
  /** Looks at the clock, and through one page of jobs if it was set back. Returns true if there are more to look through. */
  sweep(): Promise<boolean>;
}

export interface SetBackListeners {
  /** A job goes on at another instant. */
  readonly onMoved: (jobUid: string, nextRunAt: number | null) => void;
  /** Runs may have become publishable. */
  readonly onPublishable: () => void;
}

/** Wait between two pages: fires go first. Milliseconds. */
const PAUSE_MS = 50;
/** Wait between two looks at the clock. Milliseconds. */
const LOOK_MS = 1_000;
/** Ids that one log line names. */
const NAMED_MAX = 20;

/** In place of a set-back, where nobody knows whether there was one. */
const FIRST = { count: 0, wasAhead: false } as const;
const NONE = -1;

/** What came of the jobs looked through so far. */
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
 * After the store's clock was set back, once for each time, and once by each new leader while the clock is behind what was decided by: what
 * waits for a time that only a clock which was ahead can have set goes on by this one, and jobs go back to the instants that are
 * still to come (`standingToClock`). What cannot go back is said, because it fires nothing for so long. Where nobody has noted
 * what was decided by, as in a database of an older version, all jobs are looked through once
 * for those that have fired ahead.
 */
export function createSetBackSweep(context: RangeContext, { onMoved, onPublishable }: SetBackListeners): SetBackSweep {
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
  const loop = createLoop({ name: "set-back", clock, log, runOnce: async () => ((await sweep()) ? PAUSE_MS : LOOK_MS) });
  return {
    start() {
      done = NONE; // Another may have led meanwhile, and not have come to the end.
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

/** Moves back what stands ahead in one page. What the store refuses waits, and is said. */
async function moveBack(context: RangeContext, page: readonly Job[], moving: Moving): Promise<void> {
  const stands = page.map((job) => standOf(context, job, moving.pass));
  const fires = stands.flatMap((stand) => (stand.kind === "moves" ? [stand.fire] : []));
  const refused = await inHalves(fires, (some) => move(context, some, moving));
  for (const { item, fault } of refused)
    context.log.warn({ err: fault, jobId: item.job.id }, "a job that stands ahead of the clock could not be moved back, and waits");
  noteWaiting(moving.pass, [
    ...stands.flatMap((stand) => (stand.kind === "waits" ? [stand.jobId] : [])),
    ...refused.map(({ item }) => item.job.id),
  ]);
}

/** Who loses its compare-and-set has been written meanwhile, by a clock that is right. */
async function move({ dueJobs }: RangeContext, fires: readonly Fire[], { pass, onMoved }: Moving): Promise<void> {
  const { outcomes } = await dueJobs.fire({ fires, now: pass.clock.now, claimant: null, claimed: [] });
  for (const [index, { job, advance }] of fires.entries()) {
    if (outcomes[index]?.kind !== "won") continue;
    pass.moved += 1;
    onMoved(job.uid, advance?.nextRunAt ?? null);
  }
}

/** What is to be done with a job. */
type Stand =
  | { readonly kind: "stays" }
  | { readonly kind: "moves"; readonly fire: Fire }
  | { readonly kind: "waits"; readonly jobId: string };

const STAYS: Stand = { kind: "stays" };

/** One that cannot be told does not keep the others. */
function standOf({ log }: RangeContext, job: Job, { count, clock }: Pass): Stand {
  if (job.unreadable !== undefined) return STAYS; // Nobody knows where it stands.
  try {
    if (count === FIRST.count && !firedAhead(job, clock.now)) return STAYS;
    const standing = standingToClock(job, clock);
    if (standing.kind === "on_time") return STAYS;
    if (standing.from === null) return { kind: "waits", jobId: job.id };
    return { kind: "moves", fire: { job, advance: { ...pickCursor(job), nextRunAt: standing.from }, entries: [] } };
  } catch (fault) {
    log.warn({ err: fault, jobId: job.id }, "where a job stands to the clock could not be told");
    return STAYS;
  }
}

function noteWaiting(pass: Pass, jobIds: readonly string[]): void {
  pass.waiting += jobIds.length;
  pass.waitingIds.push(...jobIds.slice(0, NAMED_MAX - pass.waitingIds.length));
}

/** The one sure sign of a clock that was ahead, where nobody has noted one. */
const firedAhead = ({ lastScheduledFor }: Job, now: number): boolean =>
  lastScheduledFor !== null && lastScheduledFor > now + STORE_TIME_DIFFERENCE_MS_MAX;

function conclude({ shard, log, metrics }: RangeContext, { waits, moved, waiting, waitingIds }: Pass): void {
  metrics.setBackJobs.inc({ outcome: "moved" }, moved);
  metrics.setBackJobs.inc({ outcome: "waiting" }, waiting);
  if (waits + moved + waiting === 0) return;
  log.warn(
    { shard, runs: waits, moved, waiting, waitingJobs: waitingIds },
    "the store's clock was set back: jobs that stood ahead of it were moved back; those that wait fire nothing until it comes there",
  );
}
