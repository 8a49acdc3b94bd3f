import { expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { Store } from "@tickline/shared/ports/store/store";
import { HOUR, MINUTE, SECOND } from "@tickline/shared/testing/factories";
import { claim } from "@tickline/shared/testing/contracts/store-steps";
import { newDueRun, newManualFire } from "@tickline/shared/testing/factories-fire";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createRescuer } from "./rescuer.ts";

const silent = { onFired: () => undefined, onPublishable: () => undefined, onEnded: () => undefined };
const LEASE_MS = 15 * SECOND;

/** Three attempts whose executor is gone, of which the store takes up all but the second. */
async function setup() {
  let poison = "";
  const tries: number[] = [];
  const refusing = ({ leases, ...inner }: Store): Store => ({
    ...inner,
    leases: {
      ...leases,
      async rescue(request) {
        if (!request.rescues.some(({ runId }) => runId === poison)) return leases.rescue(request);
        if (request.rescues.length === 1) tries.push(clock.monotonicMs());
        throw new Error("no store takes it");
      },
    },
  });
  const { context, store, clock, addJob } = setupScheduler({ store: refusing });
  const job = await addJob({ id: "own", definition: { overlap: "allow" } });
  const fire = newManualFire(job, { at: clock.now(), keys: ["a", "b", "c"] });
  await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
  const runs = fire.entries.map((entry) => newDueRun(job, entry));
  await claim(store, runs, { now: clock.now() });
  poison = runs[1]!.runId;
  const rescuer = createRescuer(context, silent);
  clock.advance(LEASE_MS);
  await rescuer.rescue();
  clock.advance(LEASE_MS);
  const ending = async (): Promise<string[]> =>
    (await store.leases.ending({ shard: ALL_SLOTS, now: clock.now(), after: null, limit: 10 })).map(({ runId }) => runId);
  return { rescuer, clock, tries, ending, poison, mend: () => void (poison = "") };
}

test("a rescue that the store refuses delays no other rescue, and is retried at intervals that double", async () => {
  const { rescuer, clock, tries, ending, poison } = await setup();
  await expect(rescuer.rescue()).rejects.toThrow("no store takes it"); // Perhaps the store took nothing just then.
  expect(await ending()).toEqual([poison]);
  const from = clock.monotonicMs();
  for (let passedMs = 0; passedMs < HOUR; passedMs += SECOND) {
    expect(await rescuer.rescue()).toBe(0);
    clock.advance(SECOND);
  }
  const waits = tries.slice(1).map((at, index, all) => at - (all[index - 1] ?? from));
  expect(waits.slice(0, 5)).toEqual([0, SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]);
  expect(tries.length).toBeLessThan(25);
  expect(Math.max(...waits)).toBe(5 * MINUTE);
});

test("it is rescued at the next try that the store accepts, without another wait of a whole lease", async () => {
  const { rescuer, clock, ending, mend } = await setup();
  await rescuer.rescue().catch(() => undefined);
  await rescuer.rescue();
  mend();
  expect(await rescuer.rescue()).toBe(0);
  clock.advance(SECOND);
  expect(await rescuer.rescue()).toBe(1);
  expect(await ending()).toEqual([]);
});
