import { firstDueRun } from "@tickline/shared/domain/due-run";
import type { Job } from "@tickline/shared/domain/job";
import type { Claimant } from "@tickline/shared/ports/due-jobs";
import type { Store } from "@tickline/shared/ports/store";

const RUNS_AT_ONCE = 1_000;
/** Old runs lie this far apart, from yesterday backwards. */
const APART_MS = 100;
const DAY_MS = 86_400_000;

/** A history: runs that were fired, claimed, settled and announced as any other, a day ago and earlier. */
export async function makeOldRuns(
  store: Store,
  { runs, jobs, now }: { readonly runs: number; readonly jobs: readonly Job[]; readonly now: number },
): Promise<void> {
  for (let made = 0; made < runs; made += RUNS_AT_ONCE) {
    const count = Math.min(RUNS_AT_ONCE, runs - made);
    const batch = Array.from({ length: count }, (_, index) => jobOfRun(jobs, made + index));
    await runBatch(store, { jobs: batch, finishedAt: now - DAY_MS - (runs - made) * APART_MS });
  }
}

function jobOfRun(jobs: readonly Job[], run: number): Job {
  const job = jobs[run % jobs.length];
  if (job === undefined) throw new Error("old runs need jobs");
  return job;
}

async function runBatch(store: Store, { jobs, finishedAt }: { readonly jobs: readonly Job[]; readonly finishedAt: number }): Promise<void> {
  const entry = { cause: "manual", count: 1, scheduledForLast: null, state: "due", reason: null, key: null, retryOf: null } as const;
  const fires = jobs.map((job, index) => ({
    job,
    advance: null,
    entries: [{ ...entry, scheduledFor: finishedAt - jobs.length + index, definitionHash: job.definitionHash }],
  }));
  const claimant: Claimant = { executor: "prepare", token: `prepare-${finishedAt}`, leaseMs: 60_000 };
  const { outcomes } = await store.dueJobs.fire({ fires, now: finishedAt, claimant: null, claimed: [] });
  const due = outcomes.flatMap((outcome, index) => {
    const [job, fire] = [jobs[index], fires[index]];
    if (outcome.kind === "lost" || job === undefined || fire === undefined) throw new Error("a fire of the preparation was lost");
    const scheduledFor = fire.entries[0]?.scheduledFor ?? finishedAt;
    return outcome.runs.map(({ runId }) => firstDueRun(job, { runId, cause: "manual", scheduledFor }));
  });
  await store.claims.claim({ runs: due, claimant, now: finishedAt, firedAfter: 0 });
  const result = { kind: "succeeded", output: null } as const;
  const settlements = due.map(({ runId }) => ({ runId, token: claimant.token, result, finishedAt }));
  const settled = await store.claims.settle({ settlements, now: finishedAt });
  if (settled.some(({ kind }) => kind !== "ended")) throw new Error("a run of the preparation did not end");
  await store.announcements.announced(due.map(({ runId }) => runId));
}
