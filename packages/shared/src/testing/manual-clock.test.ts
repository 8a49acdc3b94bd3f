import { expect, test } from "@jest/globals";
import { clockContract } from "./contracts/clock.contract.ts";
import { at } from "./instants.ts";
import { manualClock } from "./manual-clock.ts";

const START = at("2026-03-29T00:00:00Z");

function setup() {
  const clock = manualClock(START);
  return { clock, pass: async (ms: number) => clock.advance(ms) };
}

clockContract("manual", setup);

test("time stands still until it is moved", () => {
  const { clock } = setup();
  expect([clock.now(), clock.monotonicMs()]).toEqual([START, 0]);
  clock.advance(250);
  expect([clock.now(), clock.monotonicMs()]).toEqual([START + 250, 250]);
});

test("timers fire in the order of their time, those of one time in the order they were set, each at its own time", () => {
  const { clock } = setup();
  const fired: string[] = [];
  for (const [name, delayMs] of [
    ["c", 30],
    ["a", 10],
    ["b", 10],
  ] as const) {
    clock.setTimer(delayMs, () => fired.push(`${name}@${clock.now() - START}`));
  }
  clock.advance(30);
  expect(fired).toEqual(["a@10", "b@10", "c@30"]);
});

test("a jump moves the wall clock alone: no timer fires, and durations do not change", () => {
  const { clock } = setup();
  let fired = 0;
  clock.setTimer(1_000, () => (fired += 1));
  clock.jumpTo(START + 3_600_000);
  expect({ now: clock.now(), monotonic: clock.monotonicMs(), fired }).toEqual({ now: START + 3_600_000, monotonic: 0, fired: 0 });
  clock.advance(1_000);
  expect({ now: clock.now(), fired }).toEqual({ now: START + 3_601_000, fired: 1 });
});

test("who stands still finds both clocks moved, and the timers that passed fire when it goes on", () => {
  const { clock } = setup();
  const fired: number[] = [];
  for (const delayMs of [20, 10, 500]) clock.setTimer(delayMs, () => fired.push(delayMs));
  clock.standStill(100);
  expect({ now: clock.now(), monotonic: clock.monotonicMs(), fired }).toEqual({ now: START + 100, monotonic: 100, fired: [] });
  clock.advance(1);
  expect({ now: clock.now(), monotonic: clock.monotonicMs(), fired }).toEqual({ now: START + 101, monotonic: 101, fired: [10, 20] });
});

test("it counts the timers that wait", () => {
  const { clock } = setup();
  const cancelled = clock.setTimer(10, () => undefined);
  clock.setTimer(20, () => undefined);
  cancelled.cancel();
  expect(clock.timers).toBe(1);
  clock.advance(20);
  expect(clock.timers).toBe(0);
});
