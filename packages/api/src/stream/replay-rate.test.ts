import { expect, test } from "@jest/globals";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { createReplayRate } from "./replay-rate.ts";

function setup() {
  const clock = manualClock(START);
  return { clock, rate: createReplayRate(clock, { streamReplayPartsMax: 3, streamReplayEveryMs: 20 }) };
}

test("a client gets some parts at once, then one after each interval, and after a rest some at once again", () => {
  const { clock, rate } = setup();
  const take = () => rate.takeOrWaitMs("a");
  expect([take(), take(), take(), take(), take()]).toEqual([0, 0, 0, 20, 20]);
  clock.advance(15);
  expect(take()).toBe(5);
  clock.advance(5);
  expect([take(), take()]).toEqual([0, 20]);
  clock.advance(60);
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 20]);
});

test("what one client takes, no other lacks, however many there are", () => {
  const { clock, rate } = setup();
  for (let client = 0; client < 5_000; client += 1) {
    expect(rate.takeOrWaitMs(`client-${client}`)).toBe(0);
    clock.advance(1);
  }
  for (let part = 0; part < 3; part += 1) rate.takeOrWaitMs("a");
  expect([rate.takeOrWaitMs("a"), rate.takeOrWaitMs("b")]).toEqual([20, 0]);
});
