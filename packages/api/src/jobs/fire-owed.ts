import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import type { Fire, FireEntry } from "@tickline/shared/domain/fire";
import { closeMisfires, planTick } from "@tickline/shared/domain/plan-tick";
import { pausedRange, uncountedRange } from "@tickline/shared/domain/reschedule";
import { isStandIn } from "@tickline/shared/domain/stored-definition";
import { nextInstant } from "@tickline/shared/domain/schedule/next-instant";
import type { FiredRun } from "@tickline/shared/ports/due-jobs";
import type { ApiContext } from "../api-context.ts";

/**
 * `settled`: no instant up to now is owed, and `job` is as the last fire left it. `stale`: somebody else wrote the job:
 * read it again. `behind`: the rounds are used up; what they fired is kept.
 */
export type OwedOutcome = { readonly kind: "settled"; readonly job: Job } | { readonly kind: "stale" } | { readonly kind: "behind" };

/**
 * Fires every instant of a job up to `now`, as the scheduler would: what was due before an edit is accounted for by the
 * old definition. It races the scheduler, and whoever loses a compare-and-set has created nothing.
 */
export async function fireOwed(context: ApiContext, job: Job, now: Instant): Promise<OwedOutcome> {
  let current = job;
  for (let round = 0; round < context.config.owedRoundsMax; round += 1) {
    // A count of misfires stays open when the clock that counted them was ahead of ours: what follows is not due yet.
    const fire = planTick({ jobs: [current], now }).fires[0] ?? (current.state === "active" ? closeMisfires(current) : null);
    if (fire === null) return { kind: "settled", job: current };
    if ((await fireOne(context, fire, now)) === null) return { kind: "stale" };
    current = { ...current, ...fire.advance };
  }
  return { kind: "behind" };
}

/** Records misfires that a job which does not fire still has open. False: somebody else wrote the job. */
export async function recordMisfires(context: ApiContext, job: Job, now: Instant): Promise<boolean> {
  const fire = closeMisfires(job);
  return fire === null || (await fireOne(context, fire, now)) !== null;
}

/**
 * Writes what passed during a pause into the history, as one counted range. False: somebody else wrote the job. A change
 * that came no further than this record, because its process ended, has left a shorter one: the rest is another range.
 */
export async function recordPause(context: ApiContext, job: Job, now: Instant): Promise<boolean> {
  const { schedule, anchorAt } = job.definition;
  let from = job.nextRunAt;
  for (;;) {
    const entry = pausedRange({ ...job, nextRunAt: from }, now);
    if (entry === null) return true;
    const fired = await fireOne(context, { job, advance: null, entries: [entry] }, now);
    if (fired === null) return false;
    const recordedTo = lastInstantOf((await context.runs.get(job.tenantId, fired[0]?.runId ?? "")) ?? entry);
    if (recordedTo >= lastInstantOf(entry)) return true;
    from = nextInstant(schedule, { anchorAt, after: recordedTo });
  }
}

/**
 * Writes into the history that instants passed which nobody here can count, before the job moves on from them. False: somebody
 * else wrote the job. Where its definition cannot be read it is recorded under the one that takes its place; of a job that
 * is deleted, there is none.
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

const lastInstantOf = ({ scheduledFor, scheduledForLast }: Pick<FireEntry, "scheduledFor" | "scheduledForLast">): Instant =>
  scheduledForLast ?? scheduledFor;

/** The runs that now exist; null: somebody else wrote the job. */
async function fireOne({ dueJobs, notices }: ApiContext, fire: Fire, now: Instant): Promise<readonly FiredRun[] | null> {
  const { outcomes } = await dueJobs.fire({ fires: [fire], now, claimant: null, claimed: [] });
  const [outcome] = outcomes;
  if (outcome?.kind !== "won") return null;
  if (fire.entries.some(({ state }) => state === "due")) notices.runsReady(fire.job.definition.queue);
  return outcome.runs;
}
