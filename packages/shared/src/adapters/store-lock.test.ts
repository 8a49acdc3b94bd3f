import { expect, test } from "@jest/globals";
import { AppError } from "../domain/app-error.ts";
import type { LeaseRows } from "../ports/store/lease-rows.ts";
import { lockContract } from "../testing/contracts/lock.contract.ts";
import { START } from "../testing/factories.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { createMemoryStore } from "../testing/memory-store/memory-store.ts";
import { createStoreLock } from "./store-lock.ts";
import { sha256 } from "./system/digest.ts";
import { systemEntropy } from "./system/entropy.ts";

const TTL_MS = 10_000;

/** `around` stands between the lock and the store: for answers that are slow, lost or refused. */
function setup(around: (leaders: LeaseRows, clock: { advance(ms: number): void }) => LeaseRows = (leaders) => leaders) {
  const clock = manualClock(START);
  const { leaders } = createMemoryStore({ clock, digest: sha256 });
  const lockOver = (rows: LeaseRows) => createStoreLock({ leaders: rows, clock, entropy: systemEntropy });
  return { ours: lockOver(around(leaders, clock)), theirs: lockOver(leaders), clock, pass: async (ms: number) => clock.advance(ms) };
}

const unavailable = () => Promise.reject(new AppError("store_unavailable", "no answer", { retryable: true }));

lockContract("leases in the store", { setup: async () => setup(), exclusive: true });

test("the lock is valid for its time from before the request, however long the answer takes", async () => {
  const { ours, clock } = setup((leaders, { advance }) => ({
    ...leaders,
    async take(lease) {
      const taken = await leaders.take(lease);
      advance(3_000);
      return taken;
    },
  }));
  const hold = await ours.acquire("range-0", TTL_MS);
  expect(hold?.validUntilMs).toBe(TTL_MS);
  clock.advance(1_000);
  expect(await hold?.extend()).toBe(true);
  expect(hold?.validUntilMs).toBe(4_000 + TTL_MS);
});

test("an answer that comes when the time is over grants nothing, and delays no caller", async () => {
  const { ours, theirs } = setup((leaders, { advance }) => ({
    ...leaders,
    async take(lease) {
      advance(TTL_MS);
      return leaders.take(lease);
    },
  }));
  expect(await ours.acquire("range-0", TTL_MS)).toBeNull();
  expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
});

test("a store that does not answer grants the lock to none", async () => {
  const { ours } = setup(() => ({ take: unavailable, release: unavailable }));
  expect(await ours.acquire("range-0", TTL_MS)).toBeNull();
});

test("a lease whose answer was lost is given up, so that it can be asked for again at once", async () => {
  const { ours, theirs } = setup((leaders) => ({ ...leaders, take: (lease) => leaders.take(lease).then(unavailable) }));
  expect(await ours.acquire("range-0", TTL_MS)).toBeNull();
  expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
});

test("a hold outlives an extension without an answer, but not its time", async () => {
  let away = false;
  const { ours, clock } = setup((leaders) => ({ ...leaders, take: (lease) => (away ? unavailable() : leaders.take(lease)) }));
  const hold = await ours.acquire("range-0", TTL_MS);
  away = true;
  clock.advance(TTL_MS - 1);
  expect(await hold?.extend()).toBe(true);
  expect(hold?.validUntilMs).toBe(TTL_MS);
  clock.advance(1);
  expect(await hold?.extend()).toBe(false);
  away = false;
  expect(await hold?.extend()).toBe(true);
});

test("a release during an extension is not undone by it", async () => {
  const answers: (() => void)[] = [];
  let slow = false;
  const { ours, theirs } = setup((leaders) => ({
    ...leaders,
    take: async (lease) => {
      if (slow) await new Promise<void>((resolve) => answers.push(resolve));
      return leaders.take(lease);
    },
  }));
  const hold = await ours.acquire("range-0", TTL_MS);
  slow = true;
  const extending = hold?.extend();
  await hold?.release();
  for (const answer of answers) answer();
  expect(await extending).toBe(false);
  expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
});

test("a release that fails is no fault: the lease ends by itself", async () => {
  const { ours, theirs, clock } = setup((leaders) => ({ ...leaders, release: unavailable }));
  const hold = await ours.acquire("range-0", TTL_MS);
  await hold?.release();
  expect(hold?.validUntilMs).toBe(0);
  expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  clock.advance(TTL_MS);
  expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
});
