import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Job } from "@tickline/shared/domain/job/job";
import type { Fire, FireEntry } from "@tickline/shared/domain/fire/fire";
import { closeMisfires, planTick } from "@tickline/shared/domain/fire/plan-tick";
import { pausedRange, uncountedRange } from "@tickline/shared/domain/fire/reschedule";
import { isStandIn } from "@tickline/shared/domain/job/stored-definition";
import { nextInstant } from "@tickline/shared/domain/schedule/next-instant";
import type { FiredRun } from "@tickline/shared/ports/jobs/due-jobs";
import type { ApiContext } from "../api-context.ts";

/**
 * `settled`: all instants up to now have been fired, and `job` is the result of the last fire. `stale`: another write changed the job, so
 * it has to be read again. `behind`: all rounds are used; what they fired is kept.
 */
export type OwedOutcome = { readonly kind: "settled"; readonly job: Job } | { readonly kind: "stale" } | { readonly kind: "behind" };

/**
 * Fires every instant of a job up to `now`, as the scheduler would, so that the old definition accounts for the instants before an edit.
 * The scheduler may fire at the same time: the loser of the compare-and-set creates nothing.
 */
export async function fireOwed(context: ApiContext, job: Job, now: Instant): Promise<OwedOutcome> {
  let current = job;
  for (let round = 0; round < context.config.owedRoundsMax; round += 1) {
    // Misfires stay open if the clock that counted them was ahead of ours: the next instant is not due yet.
    const fire = planTick({ jobs: [current], now }).fires[0] ?? (current.state === "active" ? closeMisfires(current) : null);
    if (fire === null) return { kind: "settled", job: current };
    if ((await fireOne(context, fire, now)) === null) return { kind: "stale" };
    current = { ...current, ...fire.advance };
  }
  return { kind: "behind" };
}

/** Records the open misfires of a job that does not fire. False: another write changed the job. */
export async function recordMisfires(context: ApiContext, job: Job, now: Instant): Promise<boolean> {
  const fire = closeMisfires(job);
  return fire === null || (await fireOne(context, fire, now)) !== null;
}

/**
 * Records the instants of a pause in the history, as one counted range. False: another write changed the job. If an earlier change ended
 * after this record, because its process ended, the record is shorter: the remaining instants become another range.
 */
export async function recordPause(context: ApiContext, job: Job, now: Instant): Promise<boolean> {
  const { schedule, anchorAt } = job.definition;
  let from = job.nextRunAt;
  for (;;) {
    const entry = pausedRange({ ...job, nextRunAt: from }, now);
    if (entry === null) return true;
    const fired = await fireOne(context, { job, advance: null, entries: [entry] }, now);
    if (fired === null) return false;
    const recordedTo = lastInstant((await context.runs.get(job.tenantId, fired[0]?.runId ?? "")) ?? entry);
    if (recordedTo >= lastInstant(entry)) return true;
    from = nextInstant(schedule, { anchorAt, after: recordedTo });
  }
}

/**
 * Records in the history that instants passed which this process cannot count, before the cursor moves past them. False: another write
 * changed the job. If the definition cannot be read, the record refers to the new definition. A deleted job has none, so nothing is
 * recorded.
 */
export async function recordUncounted(
  context: ApiContext,
  job: Job,
  { next, now }: { readonly next: Job; readonly now: Instant },
): Promise<boolean> {
  const definition = isStandIn(job.definition) ? next.definition : job.definition;
  const hash = definition === job.definition ? job.definitionHash : next.definitionHash;
  const entry = isStandIn(definition) ? null : uncountedRange(job, now, hash);
  if (entry === null) return true;
  if (hash !== job.definitionHash) await context.jobs.addDefinition(job.tenantId, { jobUid: job.uid, definition });
  return (await fireOne(context, { job, advance: null, entries: [entry] }, now)) !== null;
}

const lastInstant = ({ scheduledFor, scheduledForLast }: Pick<FireEntry, "scheduledFor" | "scheduledForLast">): Instant =>
  scheduledForLast ?? scheduledFor;

/** The runs that now exist; null: another write changed the job. */
async function fireOne({ dueJobs, notices }: ApiContext, fire: Fire, now: Instant): Promise<readonly FiredRun[] | null> {
  const { outcomes } = await dueJobs.fire({ fires: [fire], now, claimant: null, claimed: [] });
  const [outcome] = outcomes;
  if (outcome?.kind !== "won") return null;
  if (fire.entries.some(({ state }) => state === "due")) notices.runsReady(fire.job.definition.queue);
  return outcome.runs;
}
