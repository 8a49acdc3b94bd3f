import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, jest, test } from "@jest/globals";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import type { Servers } from "@tickline/shared/testing/servers/servers";
import { printFigures } from "./product/figures.ts";
import { REPOSITORY } from "./product/product-process.ts";

jest.setTimeout(600_000);

const SECONDS = Number(process.env["LOAD_SECONDS"] ?? 40);
const EVERY_MS = 5_000;
/** `npm run bench -- --only servers-soak` is the same for 5,000 jobs and ten minutes. */
const PLAN = {
  size: { api: 2, scheduler: 2, executor: 3 },
  jobs: 200,
  everyMs: EVERY_MS,
  forMs: SECONDS * 1_000,
  concurrency: 50,
  replayEvery: 5,
  overlap: "allow",
  profileDir: null,
};
/** No process does more than this many times an even share, or less than the inverse of it. */
const UNEVENNESS_MAX = 1.7;

/** What the load tells of itself, as far as it is looked at here. */
interface LoadResult {
  readonly verdict: Readonly<Record<string, number>>;
  readonly shares: readonly { readonly name: string; readonly of: string; readonly count: number }[];
  readonly replayed: number;
  readonly claimsRefused: number;
}

/** Runs the load in a process of its own, where it starts the services and speaks with them as a stranger would. */
async function load(servers: Servers): Promise<LoadResult> {
  const env = {
    ...process.env,
    STORE_URL: servers.mongodbUrl,
    BUS_URL: `kafka://${servers.kafkaBrokers}`,
    LOCK_URL: servers.redisUrl,
    REGISTRY_URL: servers.registryUrl,
  };
  const side = path.join(REPOSITORY, "bench/src/sides/shared-load.ts");
  const child = fork(side, [JSON.stringify(PLAN)], { env, execArgv: ["--conditions=@tickline/source"] });
  const ended = once(child, "exit").then(([code]) => Promise.reject(new Error(`the load ended with ${String(code)} and no result`)));
  const [result] = (await Promise.race([once(child, "message"), ended])) as [LoadResult];
  ended.catch(() => undefined); // It ends after its result, as it should.
  return result;
}

await describeWithOwnServers("shared load", ["mongodb", "kafka", "redis", "registry"], (servers) => {
  test("two schedulers, three executors and two apis share the work; no instant is lost or doubled, and what is said twice runs once", async () => {
    const { verdict, shares, replayed, claimsRefused } = await load(servers);
    printFigures(
      `shared load: ${shares.map(({ name, of, count }) => `${name} ${count} ${of}`).join(", ")}; ${replayed} said twice, ${claimsRefused} refused`,
    );
    const owed = (PLAN.jobs * PLAN.forMs) / PLAN.everyMs;
    expect(verdict).toEqual({ owed, succeeded: owed, lost: 0, doubled: 0, strange: 0, otherwise: 0, twoEffects: 0, unmatched: 0 });
    for (const kind of ["fires", "attempts"]) {
      const counts = shares.filter(({ of }) => of === kind).map(({ count }) => count);
      const even = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      expect(Math.max(...counts)).toBeLessThan(even * UNEVENNESS_MAX);
      expect(Math.min(...counts)).toBeGreaterThan(even / UNEVENNESS_MAX);
    }
    // Of two that meet in one batch, or while the first still runs here, the second is dropped before it claims.
    expect(replayed).toBeGreaterThan(owed / PLAN.replayEvery / 2);
    expect(claimsRefused).toBeGreaterThan(0);
    expect(claimsRefused).toBeLessThanOrEqual(replayed);
  });
});
