import { expect, test } from "@jest/globals";
import { lockWithFallback } from "@tickline/shared/adapters/lock-with-fallback";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import type { Hold, Lock, LockServer } from "@tickline/shared/ports/lock";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as surroundings } from "../scheduler-under-test.test-support.ts";
import { createScheduler } from "../scheduler.ts";
import { divideSlots } from "./shards.ts";

const TTL_MS = SCHEDULER_DEFAULTS.lockTtlMs;
const STEP_MS = 20;

/** Schedulers by one lock server that can become unavailable and come back empty, and leases to fall back on. */
function setup() {
  const { clock, deps } = surroundings();
  const leases = createMemoryLock({ clock });
  let server = createMemoryLock({ clock });
  let unavailable = false;
  let seed = 7;
  const entropy = { ...deps.entropy, random: () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 };

  function client(): LockServer {
    let answers = true;
    const ask = async <Value>(without: Value, request: () => Promise<Value>): Promise<Value> => {
      answers = !unavailable;
      return answers ? request() : without;
    };
    const seen = (hold: Hold, grantedBy: Lock): Hold => ({
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
          return hold && seen(hold, server);
        }),
      answers: () => answers,
      close: async () => {},
    };
  }
  const scheduler = () => {
    const lock = lockWithFallback({ server: client(), fallback: leases, clock });
    return createScheduler({ ...deps, lock, entropy }, { ...SCHEDULER_DEFAULTS, shards: divideSlots(8) });
  };
  async function pass(ms: number, look: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      for (let turn = 0; turn < 30; turn += 1) await new Promise(setImmediate);
      look();
    }
  }
  const goAway = (): void => void (unavailable = true);
  const comeBackEmpty = (): void => {
    server = createMemoryLock({ clock });
    unavailable = false;
  };
  return { scheduler, pass, goAway, comeBackEmpty };
}

test("while the lock server is unavailable, and when it is back empty, every shard keeps its leader", async () => {
  const { scheduler, pass, goAway, comeBackEmpty } = setup();
  const [first, second] = [scheduler(), scheduler()];
  await Promise.all([first.start(), second.start()]);
  await pass(2 * TTL_MS);
  const seen = new Set<string>();
  const look = (): void => void seen.add(`${first.leading()}+${second.leading()}`);
  goAway();
  await pass(3 * TTL_MS, look);
  comeBackEmpty();
  await pass(3 * TTL_MS, look);
  expect([...seen]).toEqual(["4+4"]);
  await Promise.all([first.stop(), second.stop()]);
});

test("a leader that fails while the lock server is unavailable is replaced", async () => {
  const { scheduler, pass, goAway } = setup();
  const [first, second] = [scheduler(), scheduler()];
  await Promise.all([first.start(), second.start()]);
  await pass(2 * TTL_MS);
  goAway();
  await pass(2 * TTL_MS);
  await first.stop();
  await pass(TTL_MS);
  expect(second.leading()).toBe(8);
  await second.stop();
});
