import { expect, test } from "@jest/globals";
import { manualClock } from "../../testing/manual-clock.ts";
import { PING_MS_MAX } from "../../domain/time/time-limits.ts";
import { createStoreTime } from "./store-time.ts";

function setup({ aheadMs = 0, tripMs = 0 } = {}) {
  const clock = manualClock(1_000_000);
  const store = { aheadMs, onPing: () => {} };
  const ping = () => {
    clock.advance(tripMs / 2);
    store.onPing();
    const answer = { now: clock.now() + store.aheadMs };
    clock.advance(tripMs / 2);
    return Promise.resolve(answer);
  };
  return { clock, store, time: createStoreTime(clock, ping) };
}

test("time is the store's, once measured", async () => {
  const { clock, time } = setup({ aheadMs: 5_000, tripMs: 10 });
  await time.measure();
  expect(time.now()).toBe(clock.now() + 5_000);
});

test("an offset within the trip's own uncertainty is none", async () => {
  const { clock, time } = setup({ aheadMs: 8, tripMs: 10 });
  await time.measure();
  expect(time.now()).toBe(clock.now());
});

test("no process may lead before the first measurement, nor while the offset jumps by more than a second", async () => {
  const { store, time } = setup();
  expect(time.steady()).toBe(false);
  await time.measure();
  expect(time.steady()).toBe(true);
  store.aheadMs = 3_600_000;
  await time.measure();
  expect(time.steady()).toBe(false);
  await time.measure();
  expect(time.steady()).toBe(true);
});

test("time is never rounded up, so that nothing fires early", async () => {
  const { clock, store, time } = setup();
  store.aheadMs = 2_500.9;
  await time.measure();
  expect(time.now()).toBe(clock.now() + 2_500);
});

test("a clock of ours that is set while the answer is on its way is no offset of the store", async () => {
  const { clock, store, time } = setup({ tripMs: 10 });
  await time.measure();
  store.onPing = () => {
    store.onPing = () => {};
    clock.jumpTo(clock.now() + 3_600_000);
  };
  await time.measure();
  expect(time.now()).toBe(clock.now());
  expect(time.steady()).toBe(true);
});

test("between measurements a wall clock that is set does not move it, and time goes on", async () => {
  const { clock, time } = setup({ aheadMs: 5_000, tripMs: 10 });
  await time.measure();
  const measured = time.now();
  for (const jumpMs of [3_600_000, -7_200_000]) {
    clock.jumpTo(clock.now() + jumpMs);
    expect(time.now()).toBe(measured);
    expect(time.doubtful()).toBe(true);
  }
  clock.advance(250);
  expect(time.now()).toBe(measured + 250);
});

test("a wall clock that was set is followed when the store's was set with it, and does not keep a process from leading", async () => {
  const { clock, time } = setup();
  await time.measure();
  expect(time.doubtful()).toBe(false);
  clock.jumpTo(clock.now() + 3_600_000); // The store goes by the same clock, or the machine of both slept.
  await time.measure();
  expect([time.now(), time.steady(), time.doubtful()]).toEqual([clock.now(), true, false]);
});

test("our own wall clock alone being set is no jump of the store's", async () => {
  const { clock, store, time } = setup({ aheadMs: 5_000 });
  await time.measure();
  const measured = time.now();
  clock.jumpTo(clock.now() + 3_600_000);
  store.aheadMs -= 3_600_000;
  await time.measure();
  expect([time.now(), time.steady()]).toEqual([measured, true]);
});

test("an answer that came too late to tell the time is no measurement, and the last one stays", async () => {
  const { clock, store, time } = setup({ aheadMs: 5_000 });
  await time.measure();
  store.onPing = () => clock.advance(PING_MS_MAX + 1);
  await expect(time.measure()).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
  expect([time.now(), time.steady()]).toEqual([clock.now() + 5_000, true]);
});

test("a jump is by how much the store's time moved otherwise than our monotonic clock", async () => {
  const { clock, store, time } = setup();
  await time.measure();
  expect(time.jump()).toBeNull();
  store.aheadMs = 3_600_000;
  await time.measure();
  expect(time.jump()).toMatchObject({ byMs: 3_600_000 });
  clock.advance(10_000);
  store.aheadMs = 0;
  await time.measure();
  expect(time.jump()).toEqual({ byMs: -3_600_000, atMs: clock.monotonicMs() });
});
