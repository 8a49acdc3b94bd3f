import { expect, test } from "@jest/globals";
import { serviceContract } from "../../testing/contracts/service.contract.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { silentLogger } from "../log/logger.ts";
import { createLoop } from "./loop.ts";

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** A loop whose rounds end on demand: `rounds` counts those begun. */
function setup({ waitMs = null, fault = () => false }: { waitMs?: number | null; fault?: () => boolean } = {}) {
  const clock = manualClock(0);
  const counts = { rounds: 0, running: 0, runningMost: 0 };
  let gate: Promise<void> = Promise.resolve();
  const loop = createLoop({
    name: "test",
    clock,
    log: silentLogger,
    async runOnce() {
      counts.rounds += 1;
      counts.running += 1;
      counts.runningMost = Math.max(counts.runningMost, counts.running);
      await gate;
      counts.running -= 1;
      if (fault()) throw new Error("on purpose");
      return waitMs;
    },
  });
  /** Rounds take until the function returned is called. */
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return () => {
      gate = Promise.resolve();
      resolve();
    };
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  return { loop, clock, counts, hold, pass };
}

serviceContract("loop", async () => {
  const { loop, clock, counts } = setup({ waitMs: 10 });
  return { service: loop, leftovers: () => clock.timers + counts.running };
});

test("the first round begins at start, and the next after the wait that the round asked for", async () => {
  const { loop, counts, pass } = setup({ waitMs: 100 });
  await loop.start();
  await pass(0);
  expect(counts.rounds).toBe(1);
  await pass(99);
  expect(counts.rounds).toBe(1);
  await pass(1);
  expect(counts.rounds).toBe(2);
  await loop.stop();
});

test("a round that asks for no wait is followed by one only when the loop is woken", async () => {
  const { loop, clock, counts, pass } = setup();
  await loop.start();
  await pass(86_400_000);
  expect({ rounds: counts.rounds, timers: clock.timers }).toEqual({ rounds: 1, timers: 0 });
  loop.wake();
  await pass(0);
  expect(counts.rounds).toBe(2);
  await loop.stop();
});

test("waking during a wait cuts it short, and leaves no timer of it behind", async () => {
  const { loop, clock, counts, pass } = setup({ waitMs: 100 });
  await loop.start();
  await pass(10);
  loop.wake();
  await pass(0);
  expect({ rounds: counts.rounds, timers: clock.timers }).toEqual({ rounds: 2, timers: 1 });
  await loop.stop();
});

test("any number of wakes during a round are one more round, after it", async () => {
  const { loop, counts, hold, pass } = setup();
  const release = hold();
  await loop.start();
  for (let wakes = 0; wakes < 5; wakes += 1) loop.wake();
  await pass(0);
  expect(counts).toEqual({ rounds: 1, running: 1, runningMost: 1 });
  release();
  await pass(0);
  expect(counts).toEqual({ rounds: 2, running: 0, runningMost: 1 });
  await loop.stop();
});

test("a wake before start, or after stop, runs nothing", async () => {
  const { loop, counts, pass } = setup();
  loop.wake();
  await pass(0);
  expect(counts.rounds).toBe(0);
  await loop.start();
  await pass(0);
  await loop.stop();
  loop.wake();
  await pass(1_000);
  expect(counts.rounds).toBe(1);
});

test("after faults the waits double up to their cap, waking does not shorten them, and a good round resets them", async () => {
  let failing = true;
  const { loop, clock, counts, pass } = setup({ waitMs: 10, fault: () => failing });
  await loop.start();
  await pass(0);
  const begunAtMs: number[] = [];
  for (let seen = 0; begunAtMs.length < 9; await pass(50)) {
    loop.wake();
    if (counts.rounds > seen) begunAtMs.push(clock.monotonicMs());
    seen = counts.rounds;
  }
  const waits = begunAtMs.slice(1).map((beginMs, index) => beginMs - (begunAtMs[index] ?? 0));
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  failing = false;
  await pass(5_000);
  const rounds = counts.rounds;
  await pass(10);
  expect(counts.rounds).toBe(rounds + 1);
  await loop.stop();
});

test("stop resolves when the round under way is over, and none follows", async () => {
  const { loop, counts, hold, pass } = setup({ waitMs: 0 });
  const release = hold();
  await loop.start();
  let stopped = false;
  const stop = loop.stop().then(() => (stopped = true));
  await pass(0);
  expect(stopped).toBe(false);
  release();
  await stop;
  await pass(1_000);
  expect(counts).toEqual({ rounds: 1, running: 0, runningMost: 1 });
});

test("a loop stopped and started during a round goes on, with no two rounds at once", async () => {
  const { loop, counts, hold, pass } = setup({ waitMs: 10 });
  const release = hold();
  await loop.start();
  const stopped = loop.stop();
  await loop.start();
  release();
  await stopped;
  await pass(10);
  expect(counts).toEqual({ rounds: 2, running: 0, runningMost: 1 });
  await loop.stop();
});
