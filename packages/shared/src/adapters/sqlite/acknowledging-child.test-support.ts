import { jobEvent } from "../../events/job-event.ts";
import { newJob, START } from "../../testing/factories.ts";
import { newManualFire, newFire } from "../../testing/factories-fire.ts";
import type { Job } from "../../domain/job/job.ts";
import { ALL_SLOTS } from "../../domain/slot.ts";
import { openSqliteStore } from "./sqlite-store.ts";

/**
 * Writes to a store until it is killed. Prints one line for each acknowledged write, at once: `file`, a name for what
 * it makes. Started by `kill.integration.test.ts`.
 */
const [file = "", life = ""] = process.argv.slice(2);
const store = await openSqliteStore({ file });
const say = (line: string): void => void process.stdout.write(`${line}\n`); // A write to a pipe is synchronous: it waits while the pipe is full.
const claimant = { executor: "child", token: `token-${life}`, leaseMs: 60_000 };

async function settle(name: string, runIds: readonly string[]): Promise<void> {
  const settlements = runIds.map((runId) => ({
    runId,
    token: claimant.token,
    result: { kind: "succeeded", output: name } as const,
    finishedAt: START,
  }));
  const settled = await store.claims.settle({ settlements, now: START });
  if (settled.some(({ kind }) => kind !== "ended")) throw new Error(`a settlement of ${name} was refused`);
  runIds.forEach((runId) => say(`settled ${name} ${runId}`));
}

/** A job that fires once, and its run. */
async function liveAJob(name: string): Promise<void> {
  const job = newJob({ id: name });
  await store.jobs.create("default", { job, event: jobEvent("JobCreated", job) });
  say(`created ${name}`);
  const { outcomes } = await store.dueJobs.fire({ fires: [newFire(job)], now: START, claimant, claimed: [0] });
  const [outcome] = outcomes;
  if (outcome?.kind !== "won") throw new Error(`the fire of ${name} was lost`);
  const runIds = outcome.runs.map(({ runId }) => runId);
  runIds.forEach((runId) => say(`fired ${name} ${runId}`));
  await settle(name, runIds);
}

/** Three runs that wait, of which two are claimed and end. */
async function liveRuns(job: Job, round: number): Promise<void> {
  const fires = [newManualFire(job, { at: START + round, keys: ["a", "b", "c"] })];
  await store.dueJobs.fire({ fires, now: START, claimant: null, claimed: [] });
  const waiting = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10_000 });
  const runs = waiting.filter(({ jobUid, scheduledFor }) => jobUid === job.uid && scheduledFor === START + round);
  runs.forEach(({ runId }) => say(`due ${job.id} ${runId}`));
  const outcomes = await store.claims.claim({ runs: runs.slice(1), claimant, now: START, firedAfter: 0 });
  if (outcomes.some(({ kind }) => kind !== "won")) throw new Error(`a claim of ${job.id} was lost`);
  await settle(
    job.id,
    runs.slice(1).map(({ runId }) => runId),
  );
}

async function liveJobs(): Promise<void> {
  for (let round = 0; ; round += 1) await Promise.all([0, 1, 2, 3].map((place) => liveAJob(`job-${life}-${round}-${place}`)));
}

async function liveManualRuns(): Promise<void> {
  const job = newJob({ id: `runs-${life}`, state: "paused", definition: { overlap: "allow" } });
  await store.jobs.create("default", { job, event: jobEvent("JobCreated", job) });
  for (let round = 0; ; round += 1) await liveRuns(job, round);
}

await Promise.all([liveJobs(), liveManualRuns()]);
