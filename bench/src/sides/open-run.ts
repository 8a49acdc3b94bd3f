import { setTimeout as sleep } from "node:timers/promises";
import { firstDueRun } from "@tickline/shared/domain/run/due-run";
import { scheduledEntry } from "@tickline/shared/domain/fire/fire";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import type { Store } from "@tickline/shared/ports/store/store";
import { EVERY_MS, type OpenRunPlan, type OpenRunResult } from "../plan/history-plan.ts";
import { benchJob, createJobs } from "../bench-job.ts";
import { historyJob } from "./history/history-job.ts";
import { runOnce, settleRun } from "./history/history-steps.ts";
import { DAY_MS, makeOldRuns } from "./history/old-runs.ts";
import { runSide } from "./side.ts";
import { openTickline } from "./tickline.ts";

/** As the scheduler sweeps by default: rows of each kind, and the wait between two sweeps. */
const SWEPT_AT_ONCE = 1_000;
const PAUSE_MS = 50;

/** One run stays open while its successors are forgotten, then it ends and is forgotten with the rest. */
await runSide<OpenRunPlan, OpenRunResult>(async ({ dataDir, runs }) => {
  const { store, close } = await openTickline({ dataDir, concurrency: 1, onStart: () => undefined });
  const now = Date.now();
  const [job, other] = [historyJob("allow", now), benchJob(1, { name: "Other", handler: "noop", schedule: { every: "1s" } }, now)];
  await createJobs(store, 2, (index) => (index === 0 ? job : other));
  const firstId = await startFirst(store, job, now - DAY_MS - 2 * runs * EVERY_MS);
  await makeOldRuns(store, { runs: runs - 1, jobs: [job], now, apartMs: EVERY_MS, failedEvery: null });
  await store.status.advance(now);

  const stopping = new AbortController();
  const others = callOthers(store, { job, other, signal: stopping.signal });
  const sweeps: Timed[] = [];
  const sweepUntil = async (left: number): Promise<void> => {
    while (runs - forgottenBy(sweeps) > left) {
      const sweep = await timed(() => sweepOnce(store, now));
      sweeps.push(sweep);
      if (sweep.answer === 0) throw new Error(`retention stopped ${runs - forgottenBy(sweeps)} runs before its end`);
      await sleep(PAUSE_MS);
    }
  };
  await sweepUntil(Math.floor(runs / 2));
  await settleRun(store, firstId, now - 1);
  await store.status.advance(now);
  await sweepUntil(0);
  stopping.abort();
  const calls = await others;
  await close();
  return {
    forgotten: forgottenBy(sweeps),
    sweeps: sweeps.length,
    sweepMsMax: longestMs(sweeps),
    calls: calls.length,
    callMsMax: longestMs(calls),
  };
});

interface Timed {
  readonly tookMs: number;
  readonly answer: number;
}

function longestMs(all: readonly Timed[]): number {
  return all.reduce((most, { tookMs }) => Math.max(most, tookMs), 0);
}

function forgottenBy(sweeps: readonly Timed[]): number {
  return sweeps.reduce((sum, { answer }) => sum + answer, 0);
}

async function timed(call: () => Promise<number>): Promise<Timed> {
  const start = performance.now();
  const answer = await call();
  return { tookMs: performance.now() - start, answer };
}

async function sweepOnce(store: Store, endedBefore: number): Promise<number> {
  const { runs } = await store.retention.sweep({ now: Date.now(), endedBefore, boundBefore: 0, deletedBefore: 0, limit: SWEPT_AT_ONCE });
  return runs;
}

/** The first run of the job: claimed, and not settled. Returns its id. */
async function startFirst(store: Store, job: Job, scheduledFor: number): Promise<string> {
  const fire = { job, advance: null, entries: [scheduledEntry(job, scheduledFor)] };
  const { outcomes } = await store.dueJobs.fire({ fires: [fire], now: scheduledFor, claimant: null, claimed: [] });
  const [outcome] = outcomes;
  const runId = outcome?.kind === "won" ? outcome.runs[0]?.runId : undefined;
  if (runId === undefined) throw new Error("the first run was not fired");
  const run = firstDueRun(job, { runId, cause: "schedule", scheduledFor });
  const claimant = { executor: "bench", token: runId, leaseMs: 60_000 };
  const [claimed] = await store.claims.claim({ runs: [run], claimant, now: scheduledFor, firedAfter: 0 });
  if (claimed?.kind !== "won") throw new Error("the first run was not claimed");
  return runId;
}

interface OtherCalls {
  readonly job: Job;
  readonly other: Job;
  readonly signal: AbortSignal;
}

/** Without a pause: each run of another job, and each list, takes as long as it has to wait for retention. */
async function callOthers(store: Store, { job, other, signal }: OtherCalls): Promise<readonly Timed[]> {
  const calls: Timed[] = [];
  let next = other;
  while (!signal.aborted) {
    const run = async (): Promise<number> => {
      next = await runOnce(store, next);
      return 0;
    };
    const list = async (): Promise<number> =>
      (await store.runs.list(DEFAULT_TENANT, { jobId: job.id, limit: 50, cursor: null })).items.length;
    calls.push(await timed(run), await timed(list));
  }
  return calls;
}
