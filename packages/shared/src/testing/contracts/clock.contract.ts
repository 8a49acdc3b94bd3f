import { describe, expect, test } from "@jest/globals";
import type { Clock } from "../../ports/clock.ts";

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets that much time pass: really, or by moving a manual clock. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Real timers are accurate to a millisecond: none may be early by more. */
const TOLERANCE_MS = 1;

export function clockContract(name: string, setup: () => ClockUnderTest): void {
  describe(`clock contract: ${name}`, () => {
    test("now is whole milliseconds, and goes forward with the time that passes", async () => {
      const { clock, pass } = setup();
      const before = clock.now();
      await pass(5);
      expect(Number.isInteger(before)).toBe(true);
      expect(clock.now() - before).toBeGreaterThanOrEqual(5 - TOLERANCE_MS);
    });

    test("monotonic time goes forward with the time that passes", async () => {
      const { clock, pass } = setup();
      const before = clock.monotonicMs();
      await pass(5);
      expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(5 - TOLERANCE_MS);
    });

    timerFacts(setup);
  });
}

function timerFacts(setup: () => ClockUnderTest): void {
  test("a timer calls back once, not before its time, and never inside setTimer", async () => {
    const { clock, pass } = setup();
    const calledAfterMs: number[] = [];
    const setAtMs = clock.monotonicMs();
    clock.setTimer(10, () => calledAfterMs.push(clock.monotonicMs() - setAtMs));
    expect(calledAfterMs).toEqual([]);
    await pass(30);
    expect(calledAfterMs).toHaveLength(1);
    expect(calledAfterMs[0]).toBeGreaterThanOrEqual(10 - TOLERANCE_MS);
  });

  test.each([0, -5])("a timer of %d ms calls back as soon as possible", async (delayMs) => {
    const { clock, pass } = setup();
    let calls = 0;
    clock.setTimer(delayMs, () => (calls += 1));
    expect(calls).toBe(0);
    await pass(5);
    expect(calls).toBe(1);
  });

  test("a cancelled timer does not call back; cancelling twice, or too late, does nothing", async () => {
    const { clock, pass } = setup();
    const called: string[] = [];
    const cancelled = clock.setTimer(5, () => called.push("cancelled"));
    const fired = clock.setTimer(1, () => called.push("fired"));
    cancelled.cancel();
    cancelled.cancel();
    await pass(20);
    fired.cancel();
    expect(called).toEqual(["fired"]);
  });

  test("a timer set in the callback of another calls back too", async () => {
    const { clock, pass } = setup();
    const called: string[] = [];
    clock.setTimer(1, () => {
      called.push("first");
      clock.setTimer(1, () => called.push("second"));
    });
    await pass(25);
    await pass(25);
    expect(called).toEqual(["first", "second"]);
  });

  test("a timer longer than 2^31 ms does not fire at once, and can be cancelled", async () => {
    const { clock, pass } = setup();
    let calls = 0;
    const timer = clock.setTimer(2 ** 31 + 1_000, () => (calls += 1));
    await pass(5);
    timer.cancel();
    expect(calls).toBe(0);
  });
}
