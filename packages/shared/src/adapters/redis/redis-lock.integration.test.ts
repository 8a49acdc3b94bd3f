import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { lockContract } from "../../testing/contracts/lock.contract.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { describeWithServers } from "../../testing/servers/describe-with-servers.ts";
import { silentLogger } from "../../runtime/log/logger.ts";
import { systemClock } from "../system/clock.ts";
import { systemEntropy } from "../system/entropy.ts";
import { openRedisLock } from "./redis-lock.ts";
import { startTlsProxy } from "../../testing/tls/tls-in-front.ts";
import { stallingProxy } from "./stalling-proxy.test-support.ts";

const TTL_MS = 10_000;
const ANSWER_MS = 200;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const openAt = async (url: string, clock = manualClock(0)) => {
  const lock = await openRedisLock({ url, clock, log: silentLogger, answerMs: ANSWER_MS });
  ends.push(() => lock.close());
  return lock;
};

/** Ends in time, whatever it says. */
const within = async <Value>(limitMs: number, deed: () => Promise<Value>): Promise<Value> => {
  const beganAtMs = systemClock.monotonicMs();
  const value = await deed();
  expect(systemClock.monotonicMs() - beganAtMs).toBeLessThan(limitMs);
  return value;
};

await describeWithServers("locks in Redis", ["redis"], (servers) => {
  /** Names of this test's own; time passes in Redis by shortening what is left of each lock, and on the clock alike. */
  async function setup() {
    const clock = manualClock(0);
    const server = new Redis(servers.redisUrl);
    const own = systemEntropy.newToken();
    const names = new Set<string>();
    ends.push(async () => {
      if (names.size > 0) await server.del(...names);
      server.disconnect();
    });
    const lockAt = async (url: string) => {
      const lock = await openAt(url, clock);
      return {
        ...lock,
        acquire(name: string, ttlMs: number) {
          names.add(`${own}-${name}`);
          return lock.acquire(`${own}-${name}`, ttlMs);
        },
      };
    };
    const pass = async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (const name of names) {
        const leftMs = await server.pttl(name);
        if (leftMs > 0) await (leftMs > ms ? server.pexpire(name, leftMs - ms) : server.del(name));
      }
    };
    const forget = () => server.del(...names);
    return { ours: await lockAt(servers.redisUrl), theirs: await lockAt(servers.redisUrl), clock, pass, server, lockAt, forget };
  }
  async function setupBehindProxy() {
    const kit = await setup();
    const proxy = await stallingProxy(new URL(servers.redisUrl));
    ends.push(() => proxy.close());
    return { ...kit, proxy, ours: await kit.lockAt(`redis://127.0.0.1:${proxy.port}`) };
  }

  lockContract("redis", { setup, exclusive: true });

  test("the lock is valid for its time from before the request, less what clocks may differ by", async () => {
    const { ours, clock } = await setup();
    const acquiring = ours.acquire("range-0", TTL_MS);
    clock.advance(3_000);
    const hold = await acquiring;
    expect(hold?.validUntilMs).toBe(TTL_MS - 102);
    const extending = hold?.extend();
    clock.advance(2_000);
    expect(await extending).toBe(true);
    expect(hold?.validUntilMs).toBe(3_000 + TTL_MS - 102);
  });

  test("an answer that comes when its time is over grants nothing, and delays no caller", async () => {
    const { ours, theirs, clock } = await setup();
    const acquiring = ours.acquire("range-0", TTL_MS);
    clock.advance(TTL_MS);
    expect(await acquiring).toBeNull();
    expect(ours.answers()).toBe(true);
    expect(await theirs.acquire("range-0", TTL_MS)).not.toBeNull();
  });

  test("a server that restarted empty has forgotten the lock: its holder learns it at the next extension", async () => {
    const { ours, forget } = await setup();
    const hold = await ours.acquire("range-0", TTL_MS);
    await forget();
    expect(await hold?.extend()).toBe(false);
    expect(ours.answers()).toBe(true);
    expect(await ours.acquire("range-0", TTL_MS)).not.toBeNull();
  });

  test("a refusal is an answer", async () => {
    const { ours, theirs } = await setup();
    await theirs.acquire("range-0", TTL_MS);
    expect(await ours.acquire("range-0", TTL_MS)).toBeNull();
    expect(ours.answers()).toBe(true);
  });

  test("while Redis hangs no lock is granted, and the refusal comes soon; a late grant is given up", async () => {
    const { ours, theirs, proxy } = await setupBehindProxy();
    await ours.acquire("range-1", TTL_MS); // Now Redis knows the script, and the next request is the whole deed.
    proxy.stall();
    expect(await within(3 * ANSWER_MS, () => ours.acquire("range-0", TTL_MS))).toBeNull();
    expect(ours.answers()).toBe(false);
    proxy.flow();
    await within(TTL_MS / 2, async () => {
      while ((await theirs.acquire("range-0", TTL_MS)) === null) expect(theirs.answers()).toBe(true);
    });
    expect(await ours.acquire("range-2", TTL_MS)).not.toBeNull();
  });

  test("a hold outlives an extension without an answer, but not its time", async () => {
    const { ours, proxy, clock } = await setupBehindProxy();
    const hold = await ours.acquire("range-0", TTL_MS);
    proxy.cut();
    clock.advance(TTL_MS - 200);
    expect(await within(3 * ANSWER_MS, async () => hold?.extend())).toBe(true);
    expect(ours.answers()).toBe(false);
    clock.advance(200);
    expect(await within(3 * ANSWER_MS, async () => hold?.extend())).toBe(false);
  });

  test("rediss: is TLS, and a certificate of an unknown authority is refused", async () => {
    const { server, lockAt } = await setup();
    const { port, certificate, close } = await startTlsProxy(new URL(servers.redisUrl));
    ends.push(close);
    const stranger = await lockAt(`rediss://localhost:${port}`);
    expect(await stranger.acquire("range-0", TTL_MS)).toBeNull();
    const trusted = getCACertificates("default");
    ends.push(async () => setDefaultCACertificates(trusted));
    setDefaultCACertificates([...trusted, certificate]);
    const lock = await lockAt(`rediss://localhost:${port}`);
    expect(await lock.acquire("range-0", TTL_MS)).not.toBeNull();
    expect(await server.ping()).toBe("PONG");
  });

  test("user and password come with the URL", async () => {
    const { server, lockAt } = await setup();
    const user = `lock-${systemEntropy.newToken()}`;
    await server.call("ACL", "SETUSER", user, "on", ">se:cret", "~*", "+@all");
    ends.push(() => server.call("ACL", "DELUSER", user));
    const { host } = new URL(servers.redisUrl);
    const lock = await lockAt(`redis://${user}:${encodeURIComponent("se:cret")}@${host}`);
    expect(await lock.acquire("range-0", TTL_MS)).not.toBeNull();
    const wrong = await lockAt(`redis://${user}:wrong@${host}`);
    expect(await wrong.acquire("range-1", TTL_MS)).toBeNull();
    expect(wrong.answers()).toBe(false);
  });
});

describe("locks in an unavailable Redis", () => {
  test("no lock is granted, and the refusal comes soon", async () => {
    const lock = await within(3 * ANSWER_MS, () => openAt("redis://127.0.0.1:1"));
    expect(await within(ANSWER_MS, () => lock.acquire("range-0", TTL_MS))).toBeNull();
    expect(lock.answers()).toBe(false);
    await lock.close();
    await lock.close();
    expect(await lock.acquire("range-0", TTL_MS)).toBeNull();
  });
});
