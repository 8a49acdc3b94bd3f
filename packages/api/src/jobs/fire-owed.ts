import type { Instant } from "@tickline/shared/domain/instant";
import type { Job } from "@tickline/shared/domain/job";
import type { Fire } from "@tickline/shared/domain/fire";
import { planTick } from "@tickline/shared/domain/plan-tick";
import { pausedRange } from "@tickline/shared/domain/reschedule";
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
    const [fire] = planTick({ jobs: [current], now }).fires;
    if (fire === undefined) return { kind: "settled", job: current };
    if (!(await wins(context, fire, now))) return { kind: "stale" };
    current = { ...current, ...fire.advance };
  }
  return { kind: "behind" };
}

/** Writes what passed during a pause into the history, as one counted range. False: somebody else wrote the job. */
export async function recordPause(context: ApiContext, job: Job, now: Instant): Promise<boolean> {
  const entry = pausedRange(job, now);
  return entry === null || wins(context, { job, advance: null, entries: [entry] }, now);
}

async function wins({ dueJobs, notices }: ApiContext, fire: Fire, now: Instant): Promise<boolean> {
  const { outcomes } = await dueJobs.fire({ fires: [fire], now, claimant: null, claimed: [] });
  if (outcomes[0]?.kind !== "won") return false;
  if (fire.entries.some(({ state }) => state === "due")) notices.runsReady(fire.job.definition.queue);
  return true;
}
