import { afterEach, expect, jest, test } from "@jest/globals";
import { createApi } from "@tickline/api/api";
import { API_DEFAULTS } from "@tickline/api/api-config";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { openSqliteStore } from "@tickline/shared/adapters/sqlite/sqlite-store";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { Clock } from "@tickline/shared/ports/clock";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Registry } from "prom-client";
import { createApiClient } from "./driver/api-client.ts";
import type { RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually, runProduct } from "./product/running-product.ts";

jest.setTimeout(60_000);

const endings = createEndings();
afterEach(endings.run);

const setup = () => ({ dataDir: join(temporaryFolder(endings), "data") });

/** Instants this old or older are misfires; younger ones are late, and simply fire. */
const MISSED_AFTER_MS = 60_000;
const MINUTE_MS = 60_000;
const OUTAGE_MS = 10 * MINUTE_MS;

/** An api alone, some time ago: it accepts jobs, and no scheduler fires them. */
async function apiInThePast(dataDir: string) {
  const clock: Clock = { ...systemClock, now: () => systemClock.now() - OUTAGE_MS };
  mkdirSync(dataDir, { recursive: true });
  const store = await openSqliteStore({ file: join(dataDir, "tickline.db"), digest: sha256, clock });
  const bus = createMemoryBus({ clock });
  const deps = { ...store, bus, clock, entropy: systemEntropy, digest: sha256, log: silentLogger, metrics: new Registry() };
  const api = createApi(deps, { ...API_DEFAULTS, port: 0 });
  // Without an executor no handlers have been published yet.
  const paramsSchema = { type: "object" } as const;
  await store.handlers.publish([{ type: "http", description: null, paramsSchema, lastSeenAt: clock.now() }]);
  await api.start();
  return {
    client: createApiClient(() => api.url ?? ""),
    async close() {
      await api.stop();
      await bus.close();
      await store.close();
    },
  };
}

test("after ten minutes of downtime each job's misfire policy decides, and every instant is accounted for once", async () => {
  const { dataDir } = setup();
  const past = await apiInThePast(dataDir);
  const startAt = Date.now() - OUTAGE_MS + 30_000;
  for (const policy of ["skip", "one", "all"]) {
    const body = {
      name: policy,
      schedule: { every: "1m", startAt: new Date(startAt).toISOString() },
      handler: "http",
      params: { url: "http://127.0.0.1:9/nobody" },
      retry: { maxAttempts: 1 },
      overlap: "allow",
      misfire: policy,
    };
    expect(await past.client.send({ method: "PUT", path: `/jobs/${policy}`, body })).toMatchObject({ status: 201 });
  }
  await past.close();

  const product = await runProduct(endings, { dataDir });
  const upAt = Date.now();
  const instants = Array.from({ length: 10 }, (_, index) => startAt + index * MINUTE_MS);
  const misfires = instants.filter((instant) => upAt - instant > MISSED_AFTER_MS);
  const kept = { skip: 0, one: 1, all: misfires.length };
  for (const [policy, keptCount] of Object.entries(kept)) {
    const runs = await eventually(async () => {
      const all = (await product.listRuns(policy)).toReversed();
      return accountedFor(all) >= instants.length ? all : null;
    });
    const missed = keptCount === misfires.length ? null : runs[0];
    const fired = missed === null ? runs : runs.slice(1);
    expect(fired.map(({ scheduledFor }) => Date.parse(scheduledFor))).toEqual(instants.slice(misfires.length - keptCount));
    expect(fired.every(({ state }) => state !== "missed" && state !== "skipped")).toBe(true);
    if (missed === null) continue;
    const range = misfires.slice(0, misfires.length - keptCount);
    expect(missed).toMatchObject({ state: "missed", reason: "misfire", count: range.length });
    expect([missed?.scheduledFor, missed?.scheduledForLast].map((text) => Date.parse(text ?? ""))).toEqual([range[0], range.at(-1)]);
  }
});

const accountedFor = (runs: readonly RunView[]): number => runs.reduce((sum, { count }) => sum + count, 0);

test("after a downtime of seconds every instant that passed has fired, late and once", async () => {
  const { dataDir } = setup();
  const everyMs = 200;
  const product = await runProduct(endings, { dataDir });
  const startAt = Date.now() + 500;
  const schedule = { every: `${everyMs}ms`, startAt: new Date(startAt).toISOString() };
  const params = { url: `${product.address}/livez` };
  await product.call("PUT", "/jobs/often", {
    name: "often",
    schedule,
    handler: "http",
    params,
    overlap: "allow",
    retry: { maxAttempts: 1 },
  });
  await eventually(async () => ((await product.listRuns("often")).length > 2 ? true : null));
  expect(await product.end()).toBe(0);
  await wait(2_000); // The downtime itself, not a synchronisation.
  const next = await runProduct(endings, { dataDir });
  const downUntil = Date.now();
  const runs = await eventually(async () => {
    const all = await next.listRuns("often");
    return all.some(({ scheduledFor }) => Date.parse(scheduledFor) > downUntil) ? all : null;
  });
  const fired = runs.map(({ scheduledFor }) => Date.parse(scheduledFor)).toReversed();
  expect(fired).toEqual(fired.map((_, index) => startAt + index * everyMs));
  expect(runs.every(({ state }) => state !== "missed" && state !== "skipped")).toBe(true);
});
