import { describe, expect, test } from "@jest/globals";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import type { Lock } from "@tickline/shared/ports/lock";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as surroundings } from "../scheduler-under-test.test-support.ts";
import { createScheduler } from "../scheduler.ts";
import { divideSlots } from "./shards.ts";

const TTL_MS = SCHEDULER_DEFAULTS.lockTtlMs;
const STEP_MS = 20;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
};

/** Schedulers over one store, bus and lock server; each may be cut off from all of them, as if its process stood still. */
function setup({ shards = 8 } = {}) {
  const kit = surroundings();
  const { clock, deps } = kit;
  const server = createMemoryLock({ clock });
  const config = { ...SCHEDULER_DEFAULTS, shards: divideSlots(shards) };
  const asked: string[] = [];
  /** Chance that is the same in every run. */
  let seed = 1;
  const entropy = { ...deps.entropy, random: () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 };

  function scheduler() {
    let silent = false;
    let unavailable = false;
    const heard = <Value>(request: () => Promise<Value>): Promise<Value> => (silent ? new Promise<Value>(() => {}) : request());
    const lock: Lock = {
      acquire: (name, ttlMs) =>
        heard(async () => {
          asked.push(name);
          const hold = unavailable ? null : await server.acquire(name, ttlMs);
          return (
            hold && {
              get validUntilMs() {
                return hold.validUntilMs;
              },
              extend: () => heard(async () => (unavailable ? clock.monotonicMs() < hold.validUntilMs : hold.extend())),
              release: () => heard(() => hold.release()),
            }
          );
        }),
    };
    const { start, stop, leading } = createScheduler({ ...deps, lock, entropy }, config);
    return { start, stop, leading, fallSilent: () => void (silent = true), lock: (there: boolean) => void (unavailable = !there) };
  }
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      await turns();
    }
  }
  return { ...kit, scheduler, server, asked, pass };
}

type Shared = ReturnType<ReturnType<typeof setup>["scheduler"]>;
const shares = (schedulers: readonly Shared[]): number[] => schedulers.map(({ leading }) => leading()).toSorted((a, b) => b - a);

async function startThree(kit: ReturnType<typeof setup>): Promise<[Shared, Shared, Shared]> {
  const three: [Shared, Shared, Shared] = [kit.scheduler(), kit.scheduler(), kit.scheduler()];
  for (const one of three) {
    await one.start();
    await turns();
  }
  await kit.pass(TTL_MS);
  return three;
}

describe("schedulers that share their shards", () => {
  test("one alone leads all, at once", async () => {
    const { scheduler } = setup();
    const one = scheduler();
    await one.start();
    await turns();
    expect(one.leading()).toBe(8);
    await one.stop();
  });

  test("three lead evenly soon after they joined, and all shards are led", async () => {
    const kit = setup();
    const three = await startThree(kit);
    expect(shares(three)).toEqual([3, 3, 2]);
    await Promise.all(three.map((one) => one.stop()));
    expect(shares(three)).toEqual([0, 0, 0]);
  });

  test("three that start at the same moment lead evenly", async () => {
    const { scheduler, pass } = setup();
    const three = [scheduler(), scheduler(), scheduler()];
    await Promise.all(three.map((one) => one.start()));
    await pass(TTL_MS);
    expect(shares(three)).toEqual([3, 3, 2]);
    await Promise.all(three.map((one) => one.stop()));
  });

  test("when one stops answering the others lead its shards within the life of a lock and a round", async () => {
    const kit = setup();
    const three = await startThree(kit);
    three[0].fallSilent();
    await kit.pass(TTL_MS + SCHEDULER_DEFAULTS.shareMs);
    expect(shares(three)).toEqual([4, 4, 0]);
    await Promise.all(three.slice(1).map((one) => one.stop()));
  });

  test("when one stops, its shards are led again within a second or two", async () => {
    const kit = setup();
    const [first, second, third] = await startThree(kit);
    await first.stop();
    await kit.pass(2 * SECOND);
    expect(shares([second, third])).toEqual([4, 4]);
    await Promise.all([second.stop(), third.stop()]);
  });

  test("while others join, no shard is without a leader for longer than a round", async () => {
    const kit = setup();
    const [first, second] = [kit.scheduler(), kit.scheduler()];
    await first.start();
    await kit.pass(SECOND);
    await second.start();
    let least = 8;
    let withoutMs = 0;
    let withoutMsMost = 0;
    for (let passed = 0; passed < TTL_MS; passed += STEP_MS) {
      await kit.pass(STEP_MS);
      const led = first.leading() + second.leading();
      least = Math.min(least, led);
      withoutMs = led < 8 ? withoutMs + STEP_MS : 0;
      withoutMsMost = Math.max(withoutMsMost, withoutMs);
    }
    expect(shares([first, second])).toEqual([4, 4]);
    expect(least).toBeGreaterThanOrEqual(7);
    expect(withoutMsMost).toBeLessThanOrEqual(SCHEDULER_DEFAULTS.shareMs / 4 + 2 * STEP_MS);
    await Promise.all([first.stop(), second.stop()]);
  });

  test("while the lock server does not answer nothing is given up before its time, and soon after it is back all is as before", async () => {
    const kit = setup();
    const three = await startThree(kit);
    three.forEach((one) => one.lock(false));
    await kit.pass(TTL_MS / 2);
    expect(shares(three)).toEqual([3, 3, 2]);
    await kit.pass(TTL_MS);
    expect(shares(three)).toEqual([0, 0, 0]);
    three.forEach((one) => one.lock(true));
    await kit.pass(TTL_MS);
    expect(shares(three)).toEqual([3, 3, 2]);
    await Promise.all(three.map((one) => one.stop()));
  });

  test("more schedulers than shards: those without stand by, and one takes over", async () => {
    const kit = setup({ shards: 1 });
    const three = await startThree(kit);
    expect(shares(three)).toEqual([1, 0, 0]);
    three.find(({ leading }) => leading() === 1)?.fallSilent();
    await kit.pass(TTL_MS + SCHEDULER_DEFAULTS.shareMs);
    expect(shares(three)).toEqual([1, 0, 0]);
  });

  test("a shard outside all shares is led all the same", async () => {
    const kit = setup();
    const ghost = await kit.server.acquire("tickline-scheduler-seat-0", 10 * TTL_MS);
    const one = kit.scheduler();
    await one.start();
    await kit.pass(SECOND);
    expect(one.leading()).toBe(4);
    await kit.pass(TTL_MS);
    expect(one.leading()).toBe(8);
    await ghost?.release();
    await kit.pass(TTL_MS);
    expect(one.leading()).toBe(8);
    await one.stop();
  });

  test("nothing changes hands, and little is asked, once all is even", async () => {
    const kit = setup();
    const three = await startThree(kit);
    await kit.pass(TTL_MS);
    const before = three.map(({ leading }) => leading());
    kit.asked.length = 0;
    await kit.pass(TTL_MS);
    expect(three.map(({ leading }) => leading())).toEqual(before);
    expect(kit.asked.length / 3 / (TTL_MS / SECOND)).toBeLessThan(8);
    await Promise.all(three.map((one) => one.stop()));
  });

  test("three schedulers fire every instant of many jobs once, also of the shards of one that stopped answering", async () => {
    const kit = setup();
    const definition = { schedule: { kind: "every", everyMs: SECOND, startAt: null, endAt: null, maxRuns: null } } as const;
    const jobs = [];
    for (let index = 0; index < 12; index += 1)
      jobs.push(await kit.addJob({ uid: `job-${index}`, id: `job-${index}`, slot: index * 85, definition }));
    const three = await startThree(kit);
    three[1].fallSilent();
    await kit.pass(2 * TTL_MS);
    for (const job of jobs) {
      const fired = (await kit.listRuns(job)).map(({ scheduledFor }) => (scheduledFor - START) / SECOND);
      expect(fired).toEqual(fired.map((_, index) => index));
      expect(fired.length).toBeGreaterThanOrEqual((3 * TTL_MS) / SECOND - 1);
    }
    await Promise.all([three[0].stop(), three[2].stop()]);
  });
});
