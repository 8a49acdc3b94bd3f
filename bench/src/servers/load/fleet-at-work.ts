import type { Progress } from "../../bench.ts";
import { writeNoopHandler } from "../../process/product-process.ts";
import { withTempFolder } from "../../process/temp-folder.ts";
import type { BenchServers } from "../fleet/bench-servers.ts";
import { becomes, startFleet, type Fleet } from "../fleet/fleet.ts";
import { makeJobs } from "../fleet/make-jobs.ts";
import { openBenchStore } from "../fleet/run-rows.ts";

export interface FleetWork {
  /** Fires a second of recurring jobs, spread evenly. */
  readonly rate: number;
  readonly concurrency: number;
}

export interface Beside<Result> {
  readonly result: Result;
  /** Attempts a second that the fleet settled meanwhile. */
  readonly settledPerSecond: number;
}

const SIZE = { api: 2, scheduler: 2, executor: 3 };
const EVERY_MS = 10_000;
/** The fleet is at work when it has settled what is due in so many seconds. */
const WARM_UP_S = 10;
const AT_WORK_MS_MAX = 120_000;

/** Measures something while all services and their servers work. */
export const besideFleetAtWork = <Result>(
  servers: BenchServers,
  { rate, concurrency }: FleetWork,
  { measure, progress }: { readonly measure: () => Promise<Result>; readonly progress: Progress },
): Promise<Beside<Result>> =>
  withTempFolder(async (folder) => {
    const handlersDir = `${folder}/handlers`;
    await writeNoopHandler(handlersDir);
    const plan = { database: `bench_beside_${Date.now()}`, size: SIZE, handlersDir, workersMax: concurrency, profileDir: null };
    const fleet = await startFleet(servers, plan);
    const store = await openBenchStore(fleet.storeUrl);
    try {
      await makeRecurringJobs(fleet, rate);
      const working = await becomes(AT_WORK_MS_MAX, async () => (await settledBy(fleet)) >= rate * WARM_UP_S);
      if (!working) throw new Error(`the fleet settled ${await settledBy(fleet)} attempts within ${AT_WORK_MS_MAX} ms`);
      progress(`${fleet.services.length} services are at work`);
      const [settled, since] = [await settledBy(fleet), performance.now()];
      const result = await measure();
      const tookMs = performance.now() - since;
      return { result, settledPerSecond: (((await settledBy(fleet)) - settled) / tookMs) * 1_000 };
    } finally {
      await fleet.stop();
      await store.drop();
    }
  });

async function makeRecurringJobs(fleet: Fleet, rate: number): Promise<void> {
  const apis = fleet.of("api").map(({ url }) => url);
  const jobs = Math.ceil((rate * EVERY_MS) / 1_000);
  const from = Date.now();
  await makeJobs(apis, jobs, (index) => {
    const startAt = new Date(from + Math.floor((index * EVERY_MS) / jobs)).toISOString();
    return [`job-${index}`, { name: "bench", handler: "noop", overlap: "allow", schedule: { every: `${EVERY_MS}ms`, startAt } }];
  });
}

async function settledBy(fleet: Fleet): Promise<number> {
  const metrics = await Promise.all(fleet.of("executor").map((executor) => executor.metrics()));
  return metrics.reduce((sum, each) => sum + each.sum("tickline_attempts_settled_total"), 0);
}
