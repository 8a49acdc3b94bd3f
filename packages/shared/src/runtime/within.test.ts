import { expect, test } from "@jest/globals";
import { START } from "../testing/factories.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { within } from "./within.ts";

const LIMIT_MS = 1_000;
const late = (): Error => new Error("late");

test("an answer in time is passed on, and so is a fault; no timer is left", async () => {
  const clock = manualClock(START);
  const limit = { clock, ms: LIMIT_MS, late };
  expect(await within(Promise.resolve(1), limit)).toBe(1);
  const fault = new Error("refused");
  await expect(within(Promise.reject(fault), limit)).rejects.toBe(fault);
  expect(clock.timers).toBe(0);
});

test("an answer after the time limit comes too late, and its own fault is ignored", async () => {
  const clock = manualClock(START);
  const answer = Promise.withResolvers<number>();
  const limited = within(answer.promise, { clock, ms: LIMIT_MS, late });
  clock.advance(LIMIT_MS);
  answer.reject(new Error("unheard"));
  await expect(limited).rejects.toThrow("late");
});
