import { expect, test } from "@jest/globals";
import { lockContract } from "../../testing/contracts/lock.contract.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createMemoryLock, type MemoryLockOptions } from "./lock.ts";

function setup(answer: NonNullable<MemoryLockOptions["answer"]> = "honest") {
  const clock = manualClock(0);
  const lock = createMemoryLock({ clock, answer });
  return { ours: lock, theirs: lock, clock, pass: async (ms: number) => clock.advance(ms) };
}

lockContract("memory", { setup: async () => setup(), exclusive: true });
lockContract("memory, granted to all", { setup: async () => setup("all"), exclusive: false });
lockContract("memory, granted to none", { setup: async () => setup("none"), exclusive: false });

test("the lock that says yes to all lets two hold and extend it at once", async () => {
  const { ours, theirs } = setup("all");
  const holds = [await ours.acquire("range-0", 1_000), await theirs.acquire("range-0", 1_000)];
  expect([await holds[0]?.extend(), await holds[1]?.extend()]).toEqual([true, true]);
});

test("the lock that says no to all grants nothing", async () => {
  const { ours } = setup("none");
  expect(await ours.acquire("range-0", 1_000)).toBeNull();
});
