import { describe, expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { SECOND } from "@tickline/shared/testing/factories";
import { setup, untilQuiet, watchedStore } from "./publisher-under-test.test-support.ts";
import { createPublisher } from "./publisher.ts";

const WINDOW = 8;
const SHARE = 2;
const ALL_OF_QUEUE = { shard: ALL_SLOTS, queue: "default" };

/** A publisher, and runs whose executors have failed twice. Executors run those one at a time: here none of them ever is run. */
async function world({ quarantined, config = {} }: { readonly quarantined: number; readonly config?: object }) {
  const watched = watchedStore();
  const parts = setup({ config: { windowRunsMax: WINDOW, publishRunsMax: 4, ...config }, store: watched.store });
  const { store, clock, fire, publisher, publishedRuns } = parts;
  await fire(quarantined);
  for (const token of ["first", "second"]) {
    const runs = await store.dueRuns.publishable({ ...ALL_OF_QUEUE, limit: quarantined });
    await store.claims.claim({ runs, claimant: { executor: "e", token, leaseMs: SECOND }, now: clock.now(), firedAfter: 0 });
    const ended = await store.leases.ending({ shard: ALL_SLOTS, now: clock.now() + SECOND, after: null, limit: quarantined });
    const rescues = ended.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" as const }));
    expect((await store.leases.rescue({ rescues, now: clock.now() })).rescued).toBe(quarantined);
  }
  clock.advance(SECOND); // So that the ticker looks for others.
  const published = (): DueRun[] => publishedRuns();
  const ids = (runs: readonly DueRun[]): string[] => runs.map(({ runId }) => runId);
  return {
    ...parts,
    asked: watched.asked,
    publishedQuarantined: () => new Set(ids(published().filter(({ rescues }) => rescues > 0))),
    publishedOthers: () => ids(published().filter(({ rescues }) => rescues === 0)),
    /** As executors do. */
    async claimAll(runs: readonly DueRun[]): Promise<void> {
      const claimant = { executor: "e", token: `claim-${clock.now()}`, leaseMs: SECOND };
      await store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
      for (const run of runs) publisher.claimed(run.queue, run);
    },
    pass: async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(SECOND);
        await untilQuiet();
      }
    },
  };
}

describe("runs in quarantine, more than a window of them, leave room for runs that wait for nothing", () => {
  test.each([
    ["that a poll finds", false],
    ["that were just fired", true],
  ])("%s", async (_, reported) => {
    const { publisher, fire, publishedQuarantined, publishedOthers, pass } = await world({ quarantined: 3 * WINDOW });
    await publisher.start();
    await pass(1);
    expect(publishedQuarantined().size).toBe(SHARE);
    const runs = await fire(WINDOW - SHARE);
    expect(runs).toHaveLength(WINDOW - SHARE);
    if (reported) publisher.fired(runs);
    await pass(2);
    expect(publishedOthers().toSorted()).toEqual(runs.map(({ runId }) => runId).toSorted());
    expect(publishedQuarantined().size).toBe(SHARE);
    await publisher.stop();
  });

  test("and are published one after the other, as those before them are claimed", async () => {
    const { publisher, fire, publishedRuns, publishedQuarantined, claimAll, pass, asked } = await world({ quarantined: 2 * WINDOW });
    await fire(2 * WINDOW);
    await publisher.start();
    for (let round = 0; round < 10; round += 1) {
      const unclaimed = publishedRuns().slice(-WINDOW);
      await claimAll(unclaimed);
      await pass(1);
    }
    expect(publishedQuarantined().size).toBe(2 * WINDOW);
    expect(new Set(publishedRuns().map(({ runId }) => runId)).size).toBe(4 * WINDOW);
    // Where none are left nothing is asked about them.
    await pass(1);
    asked.length = 0;
    await pass(1);
    expect(asked).toEqual(["queues"]);
    await publisher.stop();
  });

  test("also where a leader before this one has published a whole window of them", async () => {
    const { context, publisher, fire, publishedOthers, store, clock, pass } = await world({ quarantined: 2 * WINDOW });
    const before = createPublisher({ ...context, config: { ...context.config, quarantineShare: 1 } });
    await before.publish();
    await before.stop();
    expect(await store.dueRuns.unclaimedRescued(ALL_SLOTS, 2)).toEqual({ default: WINDOW });
    const runs = await fire(WINDOW - SHARE);
    expect(runs).toHaveLength(WINDOW - SHARE);
    await publisher.start();
    await untilQuiet();
    await pass(1);
    expect(publishedOthers().toSorted()).toEqual(runs.map(({ runId }) => runId).toSorted());
    expect(clock.now()).toBeGreaterThan(0);
    await publisher.stop();
  });
});

test("a few runs in quarantine are published as any other run, in their order", async () => {
  const { publisher, fire, publishedRuns } = await world({ quarantined: SHARE });
  await fire(2);
  await publisher.start();
  await untilQuiet();
  expect(publishedRuns()).toHaveLength(SHARE + 2);
  const ids = publishedRuns().map(({ runId }) => runId);
  expect(ids).toEqual(ids.toSorted());
  await publisher.stop();
});
