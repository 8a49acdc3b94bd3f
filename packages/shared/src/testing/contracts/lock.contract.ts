import { describe, expect, test } from "@jest/globals";
import type { Clock } from "../../ports/clock.ts";
import type { Lock } from "../../ports/lock.ts";

export interface LockUnderTest {
  /** Two contenders. */
  readonly ours: Lock;
  readonly theirs: Lock;
  readonly clock: Clock;
  readonly pass: (ms: number) => Promise<void>;
}

export interface LockContract {
  readonly setup: () => Promise<LockUnderTest>;
  /** False for locks that grant to all or to none: callers may rely only on what holds for those too. */
  readonly exclusive: boolean;
}

const TTL_MS = 10_000;

export function lockContract(name: string, { setup, exclusive }: LockContract): void {
  describe(`lock contract: ${name}`, () => {
    test("a granted lock is valid for no longer than was asked for", async () => {
      const { ours, clock } = await setup();
      const askedAtMs = clock.monotonicMs();
      const hold = await ours.acquire("range-0", TTL_MS);
      expect(hold === null || hold.validUntilMs <= askedAtMs + TTL_MS).toBe(true);
    });

    test("a released lock is not valid, is not extended, and may be released again", async () => {
      const { ours, clock } = await setup();
      const hold = await ours.acquire("range-0", TTL_MS);
      await hold?.release();
      await hold?.release();
      expect(hold === null || hold.validUntilMs <= clock.monotonicMs()).toBe(true);
      expect((await hold?.extend()) ?? false).toBe(false);
    });

    test("an extended lock is valid for its time from then on", async () => {
      const { ours, clock, pass } = await setup();
      const hold = await ours.acquire("range-0", TTL_MS);
      if (hold === null) return;
      const before = hold.validUntilMs;
      await pass(TTL_MS / 2);
      const askedAtMs = clock.monotonicMs();
      expect(await hold.extend()).toBe(true);
      expect(hold.validUntilMs).toBeGreaterThan(before);
      expect(hold.validUntilMs).toBeLessThanOrEqual(askedAtMs + TTL_MS);
    });

    if (exclusive) exclusiveFacts(setup);
  });
}

function exclusiveFacts(setup: LockContract["setup"]): void {
  test("a lock somebody holds is refused to others, and to its holder too", async () => {
    const { ours, theirs } = await setup();
    expect(await ours.acquire("range-0", TTL_MS)).not.toBeNull();
    expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  });

  test("of two who ask at once one is granted it", async () => {
    const { ours, theirs } = await setup();
    const holds = await Promise.all([ours.acquire("range-0", TTL_MS), theirs.acquire("range-0", TTL_MS)]);
    expect(holds.filter((hold) => hold !== null)).toHaveLength(1);
  });

  test("locks of other names are independent", async () => {
    const { ours, theirs } = await setup();
    await ours.acquire("range-0", TTL_MS);
    expect(await theirs.acquire("range-1", TTL_MS)).not.toBeNull();
  });

  test("a released lock is granted to another at once", async () => {
    const { ours, theirs } = await setup();
    const hold = await ours.acquire("range-0", TTL_MS);
    await hold?.release();
    expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
  });

  test("a lock whose time is up is granted to another, and its old holder can neither extend nor release it", async () => {
    const { ours, theirs, pass } = await setup();
    const late = await ours.acquire("range-0", TTL_MS);
    await pass(TTL_MS + 1);
    const hold = await theirs.acquire("range-0", TTL_MS);
    expect(hold).not.toBeNull();
    expect(await late?.extend()).toBe(false);
    await late?.release();
    expect(await ours.acquire("range-0", TTL_MS)).toBeNull();
    expect(await hold?.extend()).toBe(true);
  });

  test("a lock extended in time is not granted to another when its first time is up", async () => {
    const { ours, theirs, pass } = await setup();
    const hold = await ours.acquire("range-0", TTL_MS);
    await pass(TTL_MS / 2);
    await hold?.extend();
    await pass(TTL_MS / 2 + 1);
    expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  });
}
