import { expect, test } from "@jest/globals";
import type { Hold, Lock, LockServer } from "../ports/lock.ts";
import { lockContract } from "../testing/contracts/lock.contract.ts";
import { manualClock, type ManualClock } from "../testing/manual-clock.ts";
import { createMemoryLock } from "./memory/lock.ts";
import { lockWithFallback } from "./lock-with-fallback.ts";

const TTL_MS = 9_000;
/** How often leaders extend, and others ask. */
const ROUND_MS = TTL_MS / 3;

/** A lock server as one client sees it, which may be unavailable for this client or for all. */
function setup({ away = false } = {}) {
  const clock = manualClock(0);
  let server = createMemoryLock({ clock });
  const fallback = createMemoryLock({ clock });
  const state = { away };

  function makeClient(isAway: () => boolean): LockServer {
    let answers = !isAway();
    const ask = async <Value>(without: Value, request: () => Promise<Value>): Promise<Value> => {
      answers = !isAway();
      return answers ? request() : without;
    };
    const wrapHold = (hold: Hold, grantedBy: Lock): Hold => ({
      get validUntilMs() {
        return hold.validUntilMs;
      },
      extend: () => ask(clock.monotonicMs() < hold.validUntilMs, async () => grantedBy === server && hold.extend()),
      release: () => ask(undefined, hold.release),
    });
    return {
      acquire: (name, ttlMs) =>
        ask(null, async () => {
          const hold = await server.acquire(name, ttlMs);
          return hold && wrapHold(hold, server);
        }),
      answers: () => answers,
      close: async () => {},
    };
  }
  const makeLock = (isAway: () => boolean): Lock => lockWithFallback({ server: makeClient(isAway), fallback, clock });
  return {
    clock,
    pass: async (ms: number) => clock.advance(ms),
    ours: makeLock(() => state.away),
    theirs: makeLock(() => state.away),
    makeLock,
    fallback,
    /** The server itself, beside its clients. */
    server: () => server,
    goAway: () => void (state.away = true),
    comeBack: () => void (state.away = false),
    restartEmpty: () => void (server = createMemoryLock({ clock })),
  };
}

async function extendFor(rounds: number, hold: Hold | null, clock: ManualClock): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    clock.advance(ROUND_MS);
    await hold?.extend();
  }
}

lockContract("with a fall-back, the server being there", { setup: async () => setup(), exclusive: true });
lockContract("with a fall-back, the server being away", {
  async setup() {
    const kit = setup({ away: true });
    await kit.ours.acquire("warm-up", TTL_MS);
    await kit.theirs.acquire("warm-up", TTL_MS);
    kit.clock.advance(10_000); // Unavailable for a whole lifetime of a lock of the contract: now the fallback counts.
    return kit;
  },
  exclusive: true,
});

test("the fall-back is not asked while the server answers", async () => {
  const { ours, theirs, fallback } = setup();
  expect(await ours.acquire("range-0", TTL_MS)).not.toBeNull();
  expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  expect(await fallback.acquire("range-0", TTL_MS)).not.toBeNull();
});

test("when the server becomes unavailable its holder goes on, and no other acquires the lock", async () => {
  const { ours, theirs, clock, goAway } = setup();
  const hold = await ours.acquire("range-0", TTL_MS);
  goAway();
  for (let round = 0; round < 10; round += 1) {
    clock.advance(ROUND_MS);
    expect(await hold?.extend()).toBe(true);
    expect(hold?.validUntilMs).toBe(clock.monotonicMs() + TTL_MS);
    expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  }
});

test("a holder that exits together with the server is replaced within twice the life of a lock", async () => {
  const { ours, theirs, clock, goAway } = setup();
  expect(await ours.acquire("range-0", TTL_MS)).not.toBeNull();
  goAway();
  let hold = await theirs.acquire("range-0", TTL_MS);
  while (hold === null) {
    clock.advance(ROUND_MS);
    hold = await theirs.acquire("range-0", TTL_MS);
  }
  expect(clock.monotonicMs()).toBeLessThanOrEqual(2 * TTL_MS);
});

test.each(["soon, knowing its holder still", "later, having forgotten all", "empty at once"])(
  "the server comes back %s: the holder goes on there and the fall-back is free again",
  async (how) => {
    const { ours, theirs, clock, goAway, comeBack, restartEmpty, fallback, server } = setup();
    const hold = await ours.acquire("range-0", TTL_MS);
    goAway();
    clock.advance(ROUND_MS);
    expect(await hold?.extend()).toBe(true);
    if (how.startsWith("later")) await extendFor(10, hold, clock);
    if (how.startsWith("empty")) restartEmpty();
    comeBack();
    expect(await hold?.extend()).toBe(true);
    expect(hold?.validUntilMs).toBe(clock.monotonicMs() + TTL_MS);
    expect(await server().acquire("range-0", TTL_MS)).toBeNull();
    expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
    expect(await fallback.acquire("range-0", TTL_MS)).not.toBeNull();
  },
);

test("when the server comes back empty, no process takes from holders of leases, for the life of a lock", async () => {
  const { ours, theirs, clock, goAway, comeBack, restartEmpty, server } = setup();
  const hold = await ours.acquire("range-0", TTL_MS);
  goAway();
  expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  clock.advance(ROUND_MS);
  expect(await hold?.extend()).toBe(true);
  restartEmpty();
  comeBack();
  expect(await theirs.acquire("range-0", TTL_MS)).toBeNull();
  expect(await theirs.acquire("range-1", TTL_MS)).not.toBeNull();
  clock.advance(ROUND_MS);
  expect(await hold?.extend()).toBe(true);
  expect(await server().acquire("range-0", TTL_MS)).toBeNull();
});

test("a holder by the fall-back stops when the server is back and another holds the lock there", async () => {
  const { ours, clock, goAway, comeBack, fallback, restartEmpty, server } = setup();
  const hold = await ours.acquire("range-0", TTL_MS);
  goAway();
  clock.advance(ROUND_MS);
  expect(await hold?.extend()).toBe(true);
  restartEmpty();
  comeBack();
  expect(await server().acquire("range-0", TTL_MS)).not.toBeNull(); // By one that never saw it unavailable: for this moment there are two.
  expect(await hold?.extend()).toBe(false);
  expect(await fallback.acquire("range-0", TTL_MS)).not.toBeNull();
});

test("where only some see the server away there may be two holders, until it is seen again", async () => {
  const { makeLock, clock } = setup();
  let cut = true;
  const [seeing, cutOff] = [makeLock(() => false), makeLock(() => cut)];
  const hold = await seeing.acquire("range-0", TTL_MS);
  await cutOff.acquire("range-0", TTL_MS);
  await extendFor(3, hold, clock);
  const second = await cutOff.acquire("range-0", TTL_MS);
  expect(second).not.toBeNull();
  cut = false;
  expect([await hold?.extend(), await second?.extend()]).toEqual([true, false]);
});

test("a release gives up the lock and the lease, also during an extension", async () => {
  const { ours, clock, goAway, comeBack, server, fallback } = setup();
  const hold = await ours.acquire("range-0", TTL_MS);
  goAway();
  clock.advance(ROUND_MS);
  const extending = hold?.extend();
  await hold?.release();
  expect(await extending).toBe(false);
  expect(await fallback.acquire("range-0", TTL_MS)).not.toBeNull();
  comeBack();
  expect(await hold?.extend()).toBe(false);
  clock.advance(TTL_MS); // The release did not reach the server.
  expect(await server().acquire("range-0", TTL_MS)).not.toBeNull();
});
