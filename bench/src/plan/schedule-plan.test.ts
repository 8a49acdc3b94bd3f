import { expect, test } from "@jest/globals";
import { expectedFires, type SchedulePlan } from "./schedule-plan.ts";

const plan = (changes: Partial<SchedulePlan>): SchedulePlan => ({
  schedules: 100,
  everyMs: 1_000,
  spreadMs: 1_000,
  windowMs: 1_000,
  concurrency: 1,
  leadMs: 0,
  ...changes,
});

test("a window of one interval sees every schedule once", () => {
  expect(expectedFires(plan({}))).toBe(100);
});
test("a window of a fifth of the interval sees a fifth of the schedules", () => {
  expect(expectedFires(plan({ windowMs: 200 }))).toBe(20);
});
test("a window of two intervals sees every schedule twice", () => {
  expect(expectedFires(plan({ windowMs: 2_000 }))).toBe(200);
});
test("schedules due at one instant are all seen, and once", () => {
  expect(expectedFires(plan({ spreadMs: 0, everyMs: 3_600_000 }))).toBe(100);
});
