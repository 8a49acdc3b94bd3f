import { firstDueRun, type DueRun } from "@tickline/shared/domain/run/due-run";
import { scheduledEntry } from "@tickline/shared/domain/fire/fire";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import { jobEvent } from "@tickline/shared/events/job-event";
import type { Claimant } from "@tickline/shared/ports/jobs/due-jobs";
import type { RunQuery } from "@tickline/shared/ports/runs/run-queries";
import type { Store } from "@tickline/shared/ports/store/store";
import { EVERY_MS, type HistoryStep } from "../../plan/history-plan.ts";
import { benchJob } from "../../bench-job.ts";

const PAGE = 50;
const FAILED_PAGE = 10;
const RETAINED_AT_ONCE = 100;
const CLAIMANT: Omit<Claimant, "token"> = { executor: "bench", leaseMs: 60_000 };

/** The calls of one store that are measured. Each returns how many units it did: its time is divided by them. */
export type HistoryCalls = Readonly<Record<HistoryStep, () => Promise<number>>>;

/** `middleAt`: the instant of the run in the middle of the history. */
export function createHistoryCalls(store: Store, start: Job, middleAt: number): HistoryCalls {
  let job = start;
  let created = 0;
  const list = async (query: Omit<RunQuery, "limit" | "cursor">, limit: number, cursor: string | null = null): Promise<number> => {
    await store.runs.list(DEFAULT_TENANT, { jobId: job.id, ...query, limit, cursor });
    return 1;
  };
  return {
    async create() {
      const next = benchJob((created += 1), { name: "New", handler: "noop", schedule: { every: "1h" } }, Date.now());
      const { kind } = await store.jobs.create(DEFAULT_TENANT, { job: next, event: jobEvent("JobCreated", next) });
      if (kind !== "created") throw new Error(`${next.id}: ${kind}`);
      return 1;
    },
    async fire() {
      job = await runOnce(store, job);
      return 1;
    },
    firstPage: () => list({}, PAGE),
    deepPage: () => list({}, PAGE, runIdFloor(middleAt)),
    failed: () => list({ state: "failed" }, FAILED_PAGE),
    cancelled: () => list({ state: "cancelled" }, FAILED_PAGE),
    async retention() {
      const { runs } = await store.retention.sweep({
        now: Date.now(),
        endedBefore: start.createdAt,
        boundBefore: 0,
        deletedBefore: 0,
        limit: RETAINED_AT_ONCE,
      });
      if (runs === 0) throw new Error("retention had nothing left to forget");
      return runs;
    },
  };
}

/** The next instant of the job: fired, claimed, settled and announced, one write after another. Returns the job as it stands then. */
export async function runOnce(store: Store, job: Job): Promise<Job> {
  const scheduledFor = job.nextRunAt ?? 0;
  const run = await fireNext(store, job);
  const claimant = { ...CLAIMANT, token: run.runId };
  const [claimed] = await store.claims.claim({ runs: [run], claimant, now: scheduledFor, firedAfter: 0 });
  if (claimed?.kind !== "won") throw new Error(`a claim was ${claimed?.kind}`);
  await settleRun(store, run.runId, scheduledFor);
  return { ...job, nextRunAt: scheduledFor + EVERY_MS, lastScheduledFor: scheduledFor, firedCount: job.firedCount + 1 };
}

async function fireNext(store: Store, job: Job): Promise<DueRun> {
  const scheduledFor = job.nextRunAt ?? 0;
  const { misfires, state } = job;
  const advance = { nextRunAt: scheduledFor + EVERY_MS, lastScheduledFor: scheduledFor, firedCount: job.firedCount + 1, misfires, state };
  const fire = { job, advance, entries: [scheduledEntry(job, scheduledFor)] };
  const { outcomes } = await store.dueJobs.fire({ fires: [fire], now: scheduledFor, claimant: null, claimed: [] });
  const [outcome] = outcomes;
  const runId = outcome?.kind === "won" ? outcome.runs[0]?.runId : undefined;
  if (runId === undefined) throw new Error("a fire was lost");
  return firstDueRun(job, { runId, cause: "schedule", scheduledFor });
}

/** Settles a run that was claimed by its own id, and announces it. */
export async function settleRun(store: Store, runId: string, finishedAt: number): Promise<void> {
  const settlement = { runId, token: runId, result: { kind: "succeeded", output: null }, finishedAt } as const;
  const [settled] = await store.claims.settle({ settlements: [settlement], now: finishedAt });
  if (settled?.kind !== "ended") throw new Error(`a settlement was ${settled?.kind}`);
  await store.announcements.announced([runId]);
}
