import { describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { serviceContract } from "../../testing/contracts/service.contract.ts";
import { HOUR, MINUTE, SECOND, START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { AppError } from "../../domain/app-error.ts";
import type { Logger } from "../log/logger.ts";
import { createStoreClock, STORE_CLOCK_DEFAULTS } from "./store-clock.ts";

/** Lets everything run that is ready to run. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

/** `store.aheadMs`: by how much its clock is ahead of this machine's. */
function setup({ aheadMs = 0, latest = 0 } = {}) {
  const clock = manualClock(START);
  const store = { aheadMs, away: false, latest, notes: 0 };
  const logged: string[] = [];
  const record = (...parts: unknown[]): void => void logged.push(String(parts.find((part) => typeof part === "string")));
  const log = { debug: record, info: record, warn: record, error: record } as unknown as Logger;
  const metrics = new Registry();
  const deps = {
    clock,
    async ping() {
      if (store.away) throw new AppError("store_unavailable", "away", { retryable: true });
      return { now: clock.now() + store.aheadMs };
    },
    decided: {
      latest: async () => store.latest,
      async note(now: number) {
        store.notes += 1;
        store.latest = Math.max(store.latest, now);
      },
    },
    log,
  };
  const time = createStoreClock({ ...deps, metrics });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      await turns();
    }
  };
  const value = async (name: string): Promise<number | undefined> => (await metrics.getSingleMetric(name)?.get())?.values[0]?.value;
  /** The same store, seen by a process that starts now. */
  const another = () => createStoreClock(deps);
  return { clock, store, logged, time, pass, value, another };
}

serviceContract("store clock", async () => {
  const { time, clock } = setup();
  return { service: time, leftovers: () => clock.timers };
});

describe("deciding", () => {
  test("is refused before the store's clock was read, and goes by it afterwards", async () => {
    const { time, store, pass, value } = setup({ aheadMs: -5 * MINUTE });
    store.away = true;
    await time.start();
    expect(() => time.decide()).toThrow("has not been read yet");
    expect(await value("tickline_store_time_steady")).toBe(0);
    store.away = false;
    await pass(2 * SECOND);
    expect(time.decide()).toBe(time.now());
    expect(Math.abs(time.now() - (START + 2 * SECOND - 5 * MINUTE))).toBeLessThan(250); // The test moves time by so much while an answer is under way.
    expect(await value("tickline_store_time_steady")).toBe(1);
    expect(await value("tickline_store_time_offset_seconds")).toBeCloseTo(-300, 0);
    await time.stop();
  });

  test("is refused while the store's clock jumps, which is said when it begins and when it is over", async () => {
    const { time, store, logged, pass } = setup();
    const seen: (string | null)[] = [];
    time.watch(() => seen.push(time.doubt()));
    await time.start();
    await pass(SECOND);
    store.aheadMs = HOUR;
    await pass(10 * SECOND);
    expect(time.doubt()).toContain("jumped");
    expect(() => time.decide()).toThrow("jumped");
    await pass(10 * SECOND);
    expect(time.decide()).toBe(START + 21 * SECOND + HOUR);
    expect(seen).toEqual([null, expect.stringContaining("jumped"), null]);
    expect(logged).toEqual([
      expect.stringContaining("nothing is decided by time for now: the store's clock jumped"),
      "the store's clock is steady again",
    ]);
    await time.stop();
  });

  test("is refused from the moment our own clock is set until the store's has been read again", async () => {
    const { time, clock, store, pass } = setup();
    await time.start();
    clock.jumpTo(START + HOUR);
    store.aheadMs = -HOUR;
    expect(() => time.decide()).toThrow("was set, or the machine slept");
    await pass(SECOND);
    expect(time.decide()).toBe(START + SECOND);
    await time.stop();
  });

  test("goes on by the last measurement while the store is unavailable", async () => {
    const { time, store, pass } = setup({ aheadMs: MINUTE });
    await time.start();
    store.away = true;
    await pass(MINUTE);
    expect(time.decide()).toBe(START + 2 * MINUTE);
    await time.stop();
  });
});

test("how long it has been steady begins anew with each jump, also with one that is followed at once", async () => {
  const { time, clock, store, pass } = setup();
  expect(time.steadyForMs()).toBe(0);
  await time.start();
  await pass(30 * SECOND);
  expect(time.steadyForMs()).toBe(30 * SECOND);
  clock.jumpTo(clock.now() + HOUR); // The store goes by the same clock, or the machine of both slept.
  await pass(SECOND);
  expect(time.doubt()).toBeNull();
  expect(time.steadyForMs()).toBeLessThanOrEqual(SECOND);
  store.aheadMs = HOUR;
  await pass(STORE_CLOCK_DEFAULTS.storeTimeMs);
  expect(time.steadyForMs()).toBe(0);
  await time.stop();
});

describe("what was decided by", () => {
  test("is noted at once, and then now and then", async () => {
    const { time, store, pass } = setup();
    await time.start();
    expect(store.latest).toBe(START);
    await pass(5 * MINUTE);
    expect(START + 5 * MINUTE - store.latest).toBeLessThanOrEqual(MINUTE);
    expect(store.notes).toBeLessThanOrEqual(12);
    await time.stop();
  });

  test("is not noted of a clock that nothing is decided by", async () => {
    const { time, store, pass } = setup();
    await time.start();
    store.aheadMs = HOUR;
    await pass(10 * SECOND);
    store.aheadMs = 0;
    await pass(30 * SECOND);
    expect(store.latest).toBeLessThan(START + HOUR);
    await time.stop();
  });
});

describe("a clock that is set back", () => {
  test("is seen and said by who saw it go ahead", async () => {
    const { time, store, logged, pass, value } = setup();
    await time.start();
    store.aheadMs = 5 * HOUR;
    await pass(MINUTE);
    expect(time.setBack()).toBeNull();
    store.aheadMs = 0;
    await pass(MINUTE);
    expect(time.setBack()).toMatchObject({ count: 1, wasAhead: true });
    expect(await value("tickline_store_time_set_back_seconds")).toBeCloseTo(5 * 3_600 - 60, -2);
    expect(logged.filter((line) => line.includes("behind what was decided by"))).toHaveLength(1);
    await time.stop();
  });

  test("is seen and said by who starts after it, who cannot tell whether it was ahead or is behind", async () => {
    const { time, store, pass, another } = setup();
    await time.start();
    store.aheadMs = 5 * HOUR;
    await pass(MINUTE);
    await time.stop();
    store.aheadMs = 0;
    const later = another();
    await later.start();
    expect(later.setBack()).toMatchObject({ latest: store.latest, count: 1, wasAhead: false });
    await later.stop();
  });

  test("for the second time is another set-back", async () => {
    const { time, clock, pass } = setup();
    await time.start();
    for (const count of [1, 2]) {
      clock.jumpTo(clock.now() + 3 * HOUR);
      await pass(MINUTE);
      clock.jumpTo(clock.now() - 3 * HOUR);
      await pass(MINUTE);
      expect(time.setBack()).toMatchObject({ count, wasAhead: true });
    }
    await time.stop();
  });

  test("and is behind the right time was never seen ahead", async () => {
    const { time, clock, pass } = setup();
    await time.start();
    clock.jumpTo(START - 9 * HOUR);
    await pass(MINUTE);
    expect(time.setBack()).toMatchObject({ wasAhead: false });
    clock.jumpTo(START + 2 * MINUTE);
    await pass(MINUTE);
    expect(time.setBack()).toBeNull();
    await time.stop();
  });
});
