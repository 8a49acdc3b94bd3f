import { firstDueRun } from "@tickline/shared/domain/run/due-run";
import { scheduledEntry } from "@tickline/shared/domain/fire/fire";
import type { Job } from "@tickline/shared/domain/job/job";
import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import type { Claimant } from "@tickline/shared/ports/jobs/due-jobs";
import type { Store } from "@tickline/shared/ports/store/store";

const RUNS_AT_ONCE = 1_000;
/** Between the latest of these runs and now. */
export const DAY_MS = 86_400_000;

export interface OldRuns {
  readonly runs: number;
  /** They have the runs in turn. */
  readonly jobs: readonly Job[];
  /** The latest run is a day older. */
  readonly now: number;
  readonly apartMs: number;
  /** Each so-many-th run failed, the others succeeded; null: all succeeded. */
  readonly failedEvery: number | null;
}

/** A history: runs that were fired, claimed, settled and announced as any other, a day ago and earlier. */
export async function makeOldRuns(store: Store, { runs, jobs, now, apartMs, failedEvery }: OldRuns): Promise<void> {
  for (let made = 0; made < runs; made += RUNS_AT_ONCE) {
    const count = Math.min(RUNS_AT_ONCE, runs - made);
    const batch = Array.from({ length: count }, (_, index) => toOldRun(jobs, made + index));
    const finishedAt = now - DAY_MS - (runs - made - count) * apartMs;
    await runBatch(store, { batch, finishedAt, apartMs, failedEvery });
  }
}

interface OldRun {
  readonly job: Job;
  readonly number: number;
}

function toOldRun(jobs: readonly Job[], number: number): OldRun {
  const job = jobs[number % jobs.length];
  if (job === undefined) throw new Error("old runs need jobs");
  return { job, number };
}

interface OldBatch extends Pick<OldRuns, "apartMs" | "failedEvery"> {
  readonly batch: readonly OldRun[];
  readonly finishedAt: number;
}

const SUCCEEDED: AttemptResult = { kind: "succeeded", output: null };
const FAILED: AttemptResult = { kind: "failed", error: { code: "bench", message: "failed for the history", retryable: false } };

async function runBatch(store: Store, { batch, finishedAt, apartMs, failedEvery }: OldBatch): Promise<void> {
  const fires = batch.map(({ job }, index) => ({
    job,
    advance: null,
    entries: [scheduledEntry(job, finishedAt - (batch.length - index) * apartMs)],
  }));
  const claimant: Claimant = { executor: "prepare", token: `prepare-${finishedAt}`, leaseMs: 60_000 };
  const { outcomes } = await store.dueJobs.fire({ fires, now: finishedAt, claimant: null, claimed: [] });
  const due = outcomes.flatMap((outcome, index) => {
    const [run, fire] = [batch[index], fires[index]];
    if (outcome.kind === "lost" || run === undefined || fire === undefined) throw new Error("a fire of the preparation was lost");
    const scheduledFor = fire.entries[0]?.scheduledFor ?? finishedAt;
    return outcome.runs.map(({ runId }) => firstDueRun(run.job, { runId, cause: "schedule", scheduledFor }));
  });
  await store.claims.claim({ runs: due, claimant, now: finishedAt, firedAfter: 0 });
  const attemptResult = ({ number }: OldRun): AttemptResult => (failedEvery !== null && number % failedEvery === 0 ? FAILED : SUCCEEDED);
  const settlements = due.map(({ runId }, index) => {
    return { runId, token: claimant.token, result: attemptResult(batch[index] as OldRun), finishedAt };
  });
  const settled = await store.claims.settle({ settlements, now: finishedAt });
  if (settled.some(({ kind }) => kind !== "ended")) throw new Error("a run of the preparation did not end");
  await store.announcements.announced(due.map(({ runId }) => runId));
}
