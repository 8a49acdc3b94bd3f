import { firstDueRun, toRunOrigin, type ClaimedRun, type DueRun } from "@tickline/shared/domain/run/due-run";
import type { Fire, FireEntry } from "@tickline/shared/domain/fire/fire";
import type { Job } from "@tickline/shared/domain/job/job";
import { planTick, type NotEvaluated } from "@tickline/shared/domain/fire/plan-tick";
import { isTerminal } from "@tickline/shared/domain/run/run-state";
import { identifyRun } from "@tickline/shared/domain/run/run";
import { makeEndedRun, type EndedRun } from "@tickline/shared/domain/run/settlement";
import type { FiredRun, FireRequest, FireResult } from "@tickline/shared/ports/jobs/due-jobs";
import type { LocalWorkers } from "@tickline/shared/ports/runs/local-workers";
import type { ShardContext } from "../shard-context.ts";

/** The outcome of one batch of due jobs. */
export interface FireReport {
  /** Jobs whose fires won, as these have left them. */
  readonly advanced: readonly Job[];
  /** Jobs that another process changed first: to be read again. */
  readonly lost: readonly Job[];
  /** Jobs to try again when they are due: the plan's budget did not reach them, or the clock was set back. */
  readonly postponed: readonly Job[];
  /** Jobs that this process cannot evaluate. */
  readonly notEvaluated: readonly NotEvaluated[];
  /** Runs that ended as they were created: skipped, missed, or overlapping. */
  readonly ended: readonly EndedRun[];
  /** Runs that were created here and wait to be published, as the store has them. */
  readonly due: readonly DueRun[];
  /** True when other runs may wait to be published as well; only the store knows which. */
  readonly publishable: boolean;
}

/** Plans and fires a batch of due jobs in one write, and starts the runs which that write claimed for local workers. */
export async function fireBatch(context: ShardContext, jobs: readonly Job[]): Promise<FireReport> {
  const { dueJobs, localWorkers } = context;
  const now = context.now();
  const { fires, postponed, notEvaluated = [] } = planTick({ jobs, now });
  const claimed = localWorkers === null ? [] : reserveWorkers(localWorkers, fires);
  const claimant = claimed.length === 0 || localWorkers === null ? null : localWorkers.claimant();
  const request: FireRequest = { fires, now, claimant, claimed };
  let started: readonly ClaimedRun[] = [];
  try {
    const result = await dueJobs.fire(request);
    const report = sortOutcomes(request, result);
    started = report.claims;
    if (started.length > 0) localWorkers?.start(started);
    observe(context, request, report);
    const planned = fires.length + postponed.length + notEvaluated.length;
    return { ...report, notEvaluated, postponed: [...postponed, ...notDueAnymore(jobs, planned, now)] };
  } finally {
    if (claimed.length > started.length) localWorkers?.unreserve(unusedReservations(request, started));
  }
}

/** The jobs whose reserved workers no claim used. */
function unusedReservations({ fires, claimed }: FireRequest, started: readonly ClaimedRun[]): Job[] {
  const used = new Set(started.map(({ run }) => run.jobUid));
  return claimed.flatMap((index) => fires[index]?.job ?? []).filter(({ uid }) => !used.has(uid));
}

/** Jobs that were due when they were taken and are not now: the clock was set back while they waited. */
const notDueAnymore = (jobs: readonly Job[], planned: number, now: number): readonly Job[] =>
  jobs.length === planned ? [] : jobs.filter(({ nextRunAt }) => nextRunAt !== null && nextRunAt > now);

/** Reserves workers. Returns the indexes of the fires whose first due entry has one. */
function reserveWorkers(workers: LocalWorkers, fires: readonly Fire[]): number[] {
  const claimed: number[] = [];
  for (const [index, { job, entries }] of fires.entries()) {
    if (entries.some(isDue) && workers.reserve(job)) claimed.push(index);
  }
  return claimed;
}

const isDue = ({ state }: FireEntry | FiredRun): boolean => state === "due";

interface Sorted extends Omit<FireReport, "postponed" | "notEvaluated"> {
  readonly claims: readonly ClaimedRun[];
}

/** Sorts the outcomes by what has to happen next. */
function sortOutcomes({ fires, now, claimant }: FireRequest, { outcomes, leaseMs }: FireResult): Sorted {
  const advanced: Job[] = [];
  const lost: Job[] = [];
  const ended: EndedRun[] = [];
  const claims: ClaimedRun[] = [];
  const due: DueRun[] = [];
  let publishable = false;
  for (const [index, fire] of fires.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== "won") {
      lost.push(fire.job);
      continue;
    }
    advanced.push(fire.advance === null ? fire.job : { ...fire.job, ...fire.advance });
    for (const [place, entry] of fire.entries.entries()) {
      const fired = outcome.runs[place];
      if (fired === undefined) continue;
      if (fired.claimed && claimant !== null)
        claims.push(toClaimedRun(fire.job, { entry, fired, token: claimant.token, leaseMs, startedAt: now }));
      else if (fired.created && isDue(fired)) due.push(firstDueRun(fire.job, { ...entry, runId: fired.runId }));
      else if (!isTerminal(fired.state)) publishable = true;
      // A run that existed before is announced by the process that ended it, or else by the sweep.
      else if (fired.created) ended.push(endAtCreation(fire.job, { entry, fired, now }));
    }
  }
  return { advanced, lost, ended, claims, due, publishable };
}

const toClaimedRun = (
  job: Job,
  claim: { entry: FireEntry; fired: FiredRun; token: string; leaseMs: number | null; startedAt: number },
): ClaimedRun => ({
  run: firstDueRun(job, { ...claim.entry, runId: claim.fired.runId }),
  token: claim.token,
  leaseMs: claim.leaseMs,
  startedAt: claim.startedAt,
});

const endAtCreation = (job: Job, { entry, fired, now }: { entry: FireEntry; fired: FiredRun; now: number }): EndedRun => {
  const { count, scheduledForLast } = entry;
  const { state, reason } = fired;
  const run = { ...identifyRun(toRunOrigin(job), { ...entry, runId: fired.runId }), attempt: 1 };
  return makeEndedRun(run, { count, scheduledForLast, state, reason, startedAt: null, finishedAt: now });
};

function observe({ metrics, now }: ShardContext, { fires }: FireRequest, { advanced, lost }: Sorted): void {
  if (advanced.length > 0) metrics.fires.inc({ outcome: "won" }, advanced.length);
  if (lost.length > 0) metrics.fires.inc({ outcome: "lost" }, lost.length);
  const durableAt = now();
  for (const { entries } of fires) {
    for (const entry of entries) if (entry.state === "due") metrics.latenessSeconds.observe((durableAt - entry.scheduledFor) / 1_000);
  }
}
