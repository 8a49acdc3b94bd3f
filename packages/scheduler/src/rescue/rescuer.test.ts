import { expect, test } from "@jest/globals";
import type { Store } from "@tickline/shared/ports/store/store";
import { DAY, HOUR, SECOND } from "@tickline/shared/testing/factories";
import { newDueRun, newManualFire } from "@tickline/shared/testing/factories-fire";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import { createRescuer } from "./rescuer.ts";

const silent = { onFired: () => undefined, onPublishable: () => undefined, onEnded: () => undefined };
const LEASE_MS = 15 * SECOND;

function setup(options: SetupOptions = {}) {
  const scheduler = setupScheduler(options);
  const { context, store, clock } = scheduler;
  const rescuer = createRescuer(context, silent);
  /** Runs of one job that are claimed together by an executor that then says nothing any more. */
  async function abandon(id: string, { runs, leaseMs }: { readonly runs: number; readonly leaseMs: number }) {
    const job = await scheduler.addJob({ id, definition: { overlap: "allow" } });
    const fire = newManualFire(job, { at: clock.now(), keys: Array.from({ length: runs }, (_, index) => `key-${index}`) });
    await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
    const due = fire.entries.map((entry) => newDueRun(job, entry));
    await store.claims.claim({ runs: due, claimant: { executor: id, token: id, leaseMs }, now: clock.now(), firedAfter: 0 });
    return job;
  }
  /** How long the leader looks until it has rescued so many, in milliseconds. */
  async function msUntilRescued(count: number, withinMs: number): Promise<number> {
    let rescued = 0;
    for (let passedMs = 0; passedMs <= withinMs; passedMs += context.config.rescueMs) {
      rescued += await rescuer.rescue();
      if (rescued >= count) return passedMs;
      clock.advance(context.config.rescueMs);
    }
    return Infinity;
  }
  return { ...scheduler, rescuer, abandon, msUntilRescued };
}

test.each([
  ["as many long leases as are read in one statement", 500, 26 * SECOND],
  ["as many as are read in several rounds", 7_000, 42 * SECOND],
])("%s do not hide a short one behind them: they can only be watched", async (_, longs, withinMs) => {
  const { clock, abandon, msUntilRescued, listRuns } = setup();
  await abandon("foreign", { runs: longs, leaseMs: DAY });
  clock.advance(DAY); // Their ends are past, and all of them are older than that of the lease that can be acted on.
  const job = await abandon("own", { runs: 1, leaseMs: LEASE_MS });
  expect(await msUntilRescued(1, withinMs)).toBeLessThanOrEqual(withinMs);
  expect((await listRuns(job)).map(({ state, attempt }) => [state, attempt])).toEqual([["due", 2]]);
});

test("the long leases are rescued in their time, all of them", async () => {
  const { clock, abandon, msUntilRescued } = setup({ config: { rescueMs: HOUR } });
  await abandon("foreign", { runs: 5_000, leaseMs: DAY });
  clock.advance(DAY);
  expect(await msUntilRescued(5_000, DAY + 6 * HOUR)).toBeLessThanOrEqual(DAY + 6 * HOUR);
});

test("with more leases than can be remembered, the shortest are watched", async () => {
  const { clock, abandon, msUntilRescued } = setup({ config: { leasesWatchedMax: 10 } });
  await abandon("foreign", { runs: 100, leaseMs: DAY });
  clock.advance(DAY);
  await abandon("own", { runs: 5, leaseMs: LEASE_MS });
  expect(await msUntilRescued(5, 26 * SECOND)).toBeLessThanOrEqual(26 * SECOND);
});

test("a rescue that the store does not take is tried again at the next look, not after another whole lease", async () => {
  let faults = 1;
  const failing = ({ leases, ...inner }: Store): Store => ({
    ...inner,
    leases: {
      ...leases,
      rescue: (request) => ((faults -= 1) >= 0 ? Promise.reject(new Error("no store")) : leases.rescue(request)),
    },
  });
  const { clock, abandon, rescuer } = setup({ store: failing });
  await abandon("own", { runs: 1, leaseMs: LEASE_MS });
  clock.advance(LEASE_MS);
  await rescuer.rescue();
  clock.advance(LEASE_MS);
  await expect(rescuer.rescue()).rejects.toThrow("no store");
  expect(await rescuer.rescue()).toBe(1);
});

test("a lease that was renewed behind the part that was read last begins its wait anew", async () => {
  const { clock, store, abandon, rescuer } = setup({ config: { rescueRunsMax: 2, rescueReadMax: 2 } });
  await abandon("own", { runs: 3, leaseMs: LEASE_MS });
  clock.advance(LEASE_MS);
  for (let round = 0; round < 4; round += 1) await rescuer.rescue();
  const page = await store.leases.ending({ shard: { from: 0, to: 1_024 }, now: clock.now(), after: null, limit: 10 });
  const leases = page.map(({ runId }) => ({ runId, token: "own" }));
  await store.claims.heartbeat({ leases, leaseMs: LEASE_MS, now: clock.now() });
  clock.advance(LEASE_MS);
  for (let round = 0; round < 4; round += 1) expect(await rescuer.rescue()).toBe(0);
  clock.advance(LEASE_MS);
  let rescued = 0;
  for (let round = 0; round < 4; round += 1) rescued += await rescuer.rescue();
  expect(rescued).toBe(3);
});
