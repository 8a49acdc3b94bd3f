import { expect, test } from "@jest/globals";
import { readRun, retryIn, settle, start, wake } from "@tickline/shared/testing/contracts/store-steps";
import { DAY, MINUTE, SECOND, type JobOverrides } from "@tickline/shared/testing/factories";
import { newDueRun, newFire } from "@tickline/shared/testing/factories-fire";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as setupScheduler } from "../scheduler-under-test.test-support.ts";
import { createWaitSweeper } from "./wait-sweeper.ts";

async function setup({ leads = true, steadyForMs = Number.POSITIVE_INFINITY } = {}) {
  const world = setupScheduler({
    leads: () => leads,
    time: { steadyForMs: () => steadyForMs, setBack: () => null, decidedBefore: () => null },
  });
  const reported: string[] = [];
  const sweeper = createWaitSweeper(world.context, {
    onFired: () => undefined,
    onPublishable: () => void reported.push("publishable"),
    onEnded: (runs) => void reported.push(...runs.map(({ state, reason }) => `${state}: ${reason}`)),
  });
  const due = async (overrides: JobOverrides = {}) => {
    const job = await world.addJob(overrides);
    await world.store.dueJobs.fire({ fires: [newFire(job)], now: world.clock.now(), claimant: null, claimed: [] });
    return newDueRun(job);
  };
  return { ...world, sweeper, reported, due };
}

test("a run that no executor can run ends with a reason once it has waited for too long", async () => {
  const { sweeper, reported, due, store, clock } = await setup();
  const run = await due({ definition: { handler: "gone" } });
  await store.claims.defer({ deferrals: [{ runId: run.runId, attempt: 1, reason: "unknown_handler", wakeAt: clock.now() + SECOND }] });
  clock.advance(7 * DAY);
  expect(await sweeper.sweep()).toBe(0);
  clock.advance(1);
  expect(await sweeper.sweep()).toBe(1);
  expect(reported).toEqual(["skipped: retention", "publishable"]);
  expect(await sweeper.sweep()).toBe(0);
});

test("what was started before fails instead, counted from when it was due again", async () => {
  const { sweeper, reported, due, store, clock } = await setup();
  const run = await due();
  await settle(store, await start(store, run), { result: retryIn(MINUTE) });
  clock.advance(7 * DAY);
  await wake(store, clock.now());
  expect(await sweeper.sweep()).toBe(0);
  clock.advance(7 * DAY + 1);
  expect(await sweeper.sweep()).toBe(1);
  expect(reported).toEqual(["failed: retention", "publishable"]);
  expect(await readRun(store, run)).toMatchObject({ attempt: 2, error: { code: "http_status" } });
});

test("who does not lead closes nothing", async () => {
  const { sweeper, due, clock } = await setup({ leads: false });
  await due();
  clock.advance(30 * DAY);
  expect(await sweeper.sweep()).toBe(0);
});

test("by a clock that jumped a while ago nothing is closed: all that waits may only seem to have waited too long", async () => {
  const { sweeper, due, clock, reported } = await setup({ steadyForMs: SCHEDULER_DEFAULTS.retainAfterMs - 1 });
  await due();
  clock.advance(30 * DAY);
  expect(await sweeper.sweep()).toBe(0);
  expect(reported).toEqual([]);
});
