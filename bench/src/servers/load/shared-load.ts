import { mkdir } from "node:fs/promises";
import type { Progress } from "../../bench.ts";
import { withTempFolder } from "../../process/temp-folder.ts";
import { computeLateness, type Lateness } from "../../report/statistics.ts";
import { waitUntil } from "../../wait.ts";
import type { BenchServers } from "../fleet/bench-servers.ts";
import { becomes, startFleet, type Fleet } from "../fleet/fleet.ts";
import { readEffects, writeRecordHandler, type Effect } from "./handlers.ts";
import { judge, type Owed, type Verdict } from "./judge.ts";
import { leadMsFor, makeJobs } from "../fleet/make-jobs.ts";
import { sampleProjection } from "./projection-lag.ts";
import { startReplay } from "./replay.ts";
import { openBenchStore, type BenchStore } from "../fleet/run-rows.ts";
import type { Role } from "../fleet/service-process.ts";
import { callsBetween, cpuBetween, grown, readUsage, type CallFigures, type Counter, type Share, type Usage } from "../usage/usage.ts";

/** Recurring schedules, spread evenly over their interval, for a time. */
export interface LoadPlan {
  readonly size: Readonly<Record<Role, number>>;
  readonly jobs: number;
  readonly everyMs: number;
  readonly forMs: number;
  readonly concurrency: number;
  /** Each so-many-th `JobDue` is published once more, as a broker may; 0: none. */
  readonly replayEvery: number;
  /** `allow` on a machine so slow that a run may wait longer than the interval of its job. */
  readonly overlap: "skip" | "allow";
  readonly profileDir: string | null;
}

export interface LoadResult {
  readonly verdict: Verdict;
  /** Start of the handler after the instant that was due, as the handler itself read the clock. */
  readonly started: Lateness;
  /** The fire's own clock after the instant that was due. */
  readonly fired: Lateness;
  /** From the end of a run until `GET /jobs/:id` shows it, of some jobs. */
  readonly projection: Lateness | null;
  readonly shares: readonly Worked[];
  readonly replayed: number;
  /** Claims that found their run taken. */
  readonly claimsRefused: number;
  /** Fires that found their job changed. */
  readonly firesRefused: number;
  readonly cpu: readonly Share[];
  readonly storeCalls: readonly CallFigures[];
}

/** What one process did of the whole. */
export interface Worked {
  readonly name: string;
  readonly of: "fires" | "attempts" | "status writes";
  readonly count: number;
}

/** What is late is waited for, but not for ever: what does not come is lost. */
const QUIET_MS = 3_000;
const REST_MS_MAX = 300_000;

export const measureLoad = (servers: BenchServers, plan: LoadPlan, progress: Progress): Promise<LoadResult> =>
  withTempFolder(async (folder) => {
    const effectsDir = `${folder}/effects`;
    await mkdir(effectsDir);
    await writeRecordHandler(`${folder}/handlers`);
    const fleet = await startFleet(servers, {
      database: `bench_load_${Date.now()}`,
      size: plan.size,
      handlersDir: `${folder}/handlers`,
      workersMax: plan.concurrency,
      profileDir: plan.profileDir,
      effectsDir,
    });
    const store = await openBenchStore(fleet.storeUrl);
    progress(`${fleet.services.length} services run`);
    try {
      return await load({ progress, fleet, servers, plan, readRows: store.runs, readEffects: () => readEffects(effectsDir) });
    } finally {
      await fleet.stop();
      await store.drop();
    }
  });

interface Place {
  readonly fleet: Fleet;
  readonly servers: BenchServers;
  readonly plan: LoadPlan;
  readonly progress: Progress;
  readonly readRows: BenchStore["runs"];
  readonly readEffects: () => Promise<readonly Effect[]>;
}

async function load(place: Place): Promise<LoadResult> {
  const { fleet, servers, plan, progress } = place;
  const { jobs, everyMs, forMs } = plan;
  const apis = fleet.of("api").map(({ url }) => url);
  const leadMs = await leadMsFor(apis, jobs, "record");
  const from = Date.now() + leadMs;
  const until = from + forMs;
  const firstDueAt = (index: number): number => from + Math.floor((index * everyMs) / jobs);
  await makeJobs(apis, jobs, (index) => [
    makeJobId(index),
    {
      name: "bench",
      handler: "record",
      overlap: plan.overlap,
      misfire: "all",
      schedule: { every: `${everyMs}ms`, startAt: iso(firstDueAt(index)), endAt: iso(until - 1) },
    },
  ]);
  if (Date.now() >= from) throw new Error(`${jobs} jobs were not made in time`);
  progress(`${jobs} jobs are made; they fire from ${iso(from)} to ${iso(until)}`);
  const replay = plan.replayEvery === 0 ? null : await startReplay(servers, plan.replayEvery);
  await waitUntil(from - 1_000);
  const before = await readUsage(fleet, servers);
  const projection = await sampleProjection(apis, { jobs, makeJobId, firstDueAt, everyMs, until });
  await waitUntil(until);
  const owed = listOwed(plan, firstDueAt, until);
  await becomes(REST_MS_MAX, async () => settledSince(before, await readUsage(fleet, servers)) >= owed.length);
  await replay?.stop();
  await quiet(async () => refusedSince(before, await readUsage(fleet, servers)));
  const after = await readUsage(fleet, servers);
  progress("nothing is owed any more, or it is late");
  const [rows, effects] = await Promise.all([place.readRows(), place.readEffects()]);
  const span = [before, after] as const;
  return {
    verdict: judge(owed, rows, effects),
    started: computeLateness(Float64Array.from(effects, ({ startedAt, scheduledFor }) => startedAt - scheduledFor)),
    fired: computeLateness(Float64Array.from(rows, ({ firedAt, scheduledFor }) => firedAt - scheduledFor)),
    projection,
    shares: fleet.services.map(({ name, role }) => ({ name, ...WORK[role], count: grown(span, name, WORK[role].counter) })),
    replayed: replay?.replayed ?? 0,
    claimsRefused: refusedSince(before, after),
    firesRefused: sumGrowth(span, { metric: "tickline_fires_total", labels: { outcome: "lost" } }),
    cpu: cpuBetween(before, after),
    storeCalls: callsBetween(span, "tickline_store_call_seconds", "call"),
  };
}

/** Resolves when a count has stood still for a while: what is said twice may be refused after all else is done. */
async function quiet(count: () => Promise<number>): Promise<void> {
  let last = Number.NaN;
  await becomes(
    REST_MS_MAX,
    async () => {
      const previous = last;
      last = await count();
      return last === previous;
    },
    QUIET_MS,
  );
}

/** The counter that shows how much a process has done, by role. */
const WORK: Readonly<Record<Role, { readonly of: Worked["of"]; readonly counter: Counter }>> = {
  scheduler: { of: "fires", counter: { metric: "tickline_fires_total", labels: { outcome: "won" } } },
  executor: { of: "attempts", counter: { metric: "tickline_attempts_settled_total" } },
  api: { of: "status writes", counter: { metric: "tickline_store_call_seconds_count", labels: { call: "status.apply" } } },
};

const makeJobId = (index: number): string => `job-${index}`;
const iso = (instant: number): string => new Date(instant).toISOString();

function listOwed({ jobs, everyMs }: LoadPlan, firstDueAt: (index: number) => number, until: number): Owed[] {
  const owed: Owed[] = [];
  for (let index = 0; index < jobs; index += 1)
    for (let at = firstDueAt(index); at < until; at += everyMs) owed.push({ jobId: makeJobId(index), scheduledFor: at });
  return owed;
}

const sumGrowth = (span: readonly [Usage, Usage], counter: Counter): number =>
  [...span[1].services.keys()].reduce((sum, name) => sum + grown(span, name, counter), 0);
const settledSince = (before: Usage, now: Usage): number => sumGrowth([before, now], { metric: "tickline_attempts_settled_total" });
const refusedSince = (before: Usage, now: Usage): number =>
  sumGrowth([before, now], { metric: "tickline_claims_total", labels: { outcome: "lost" } });
