import { mkdir } from "node:fs/promises";
import type { Progress } from "../bench.ts";
import { withTempFolder } from "../process/temp-folder.ts";
import { writeNoopHandler } from "../process/product-process.ts";
import { waitUntil } from "../wait.ts";
import type { BenchServers } from "./fleet/bench-servers.ts";
import { becomes, startFleet, type Fleet } from "./fleet/fleet.ts";
import { leadMsFor, makeJobs, type JobBody } from "./fleet/make-jobs.ts";
import { openBenchStore, type BenchStore } from "./fleet/run-rows.ts";
import { callsBetween, cpuBetween, grown, readUsage, type CallFigures, type Share, type Usage } from "./usage/usage.ts";

export interface BurstPlan {
  /** No-op jobs, all due at one instant. */
  readonly jobs: number;
  readonly concurrency: number;
  readonly profileDir: string | null;
}

export interface BurstResult {
  readonly runs: number;
  /** From due to the last result that is durable. */
  readonly tookMs: number;
  /** From due until the job of the last one shows it. */
  readonly projectedMs: number;
  readonly cpu: readonly Share[];
  readonly storeCalls: readonly CallFigures[];
  readonly publishes: readonly CallFigures[];
}

const SIZE = { api: 1, scheduler: 1, executor: 1 };
const WARM_UP_JOBS = 500;
const DONE_MS_MAX = 600_000;

/** So many jobs due at one instant, through one api, one scheduler and one executor. */
export const measureBurst = (servers: BenchServers, plan: BurstPlan, progress: Progress): Promise<BurstResult> =>
  withTempFolder(async (folder) => {
    await mkdir(`${folder}/handlers`);
    await writeNoopHandler(`${folder}/handlers`);
    const fleet = await startFleet(servers, {
      database: `bench_burst_${Date.now()}`,
      size: SIZE,
      handlersDir: `${folder}/handlers`,
      workersMax: plan.concurrency,
      profileDir: plan.profileDir,
    });
    const store = await openBenchStore(fleet.storeUrl);
    progress(`${fleet.services.length} services run`);
    try {
      return await burst({ fleet, servers, store, progress }, plan.jobs);
    } finally {
      await fleet.stop();
      await store.drop();
    }
  });

interface Place {
  readonly fleet: Fleet;
  readonly servers: BenchServers;
  readonly store: BenchStore;
  readonly progress: Progress;
}

async function burst({ fleet, servers, store, progress }: Place, jobs: number): Promise<BurstResult> {
  const apis = fleet.of("api").map(({ url }) => url);
  const job = (dueAt: number): JobBody => ({ name: "bench", handler: "noop", schedule: { at: new Date(dueAt).toISOString() } });
  const warmUpMs = await leadMsFor(apis, WARM_UP_JOBS, "noop");
  const warmedAt = Date.now() + warmUpMs;
  await makeJobs(apis, WARM_UP_JOBS, (index) => [`warm-${index}`, job(warmedAt)]);
  await allSettled({ fleet, servers }, WARM_UP_JOBS);

  progress(`a warm-up of ${WARM_UP_JOBS} runs is done`);
  const leadMs = await leadMsFor(apis, jobs, "noop");
  const dueAt = Date.now() + leadMs;
  await makeJobs(apis, jobs, (index) => [`job-${index}`, job(dueAt)]);
  if (Date.now() >= dueAt) throw new Error(`${jobs} jobs were not made in time: the machine became slower meanwhile`);
  await waitUntil(dueAt - 1_000);
  progress(`${jobs} jobs are made`);
  const before = await readUsage(fleet, servers);
  const after = await allSettled({ fleet, servers }, WARM_UP_JOBS + jobs);
  progress("all results are settled");
  await becomes(DONE_MS_MAX, async () => (await store.unprojected()) === 0);
  const projectedAt = Date.now();

  const runs = (await store.runs()).filter(({ scheduledFor }) => scheduledFor === dueAt);
  const settled = runs.filter(({ state }) => state === "succeeded");
  const lastAt = settled.reduce((last, { settledAt = 0 }) => Math.max(last, settledAt), 0);
  const span = [before, after] as const;
  return {
    runs: settled.length,
    tookMs: lastAt - dueAt,
    projectedMs: projectedAt - dueAt,
    cpu: cpuBetween(before, after),
    storeCalls: callsBetween(span, "tickline_store_call_seconds", "call"),
    publishes: callsBetween(span, "tickline_bus_publish_seconds", "topic"),
  };
}

/** Resolves when executors have settled so many runs since they started, with what all processes had used by then. */
async function allSettled({ fleet, servers }: Pick<Place, "fleet" | "servers">, runs: number): Promise<Usage> {
  const none: Usage = { services: new Map(), servers: new Map() };
  const metric = { metric: "tickline_attempts_settled_total", labels: { outcome: "succeeded" } };
  let usage = none;
  await becomes(DONE_MS_MAX, async () => {
    usage = await readUsage(fleet, servers);
    return fleet.of("executor").reduce((sum, { name }) => sum + grown([none, usage], name, metric), 0) >= runs;
  });
  return usage;
}
