import { expect, test } from "@jest/globals";
import type { ServerContainer } from "./containers.ts";
import { createDescribeWithServers, type SuiteTools } from "./describe-with-servers.ts";
import type { Environment } from "./plan-servers.ts";
import type { ServerName, Servers } from "./servers.ts";

const never = () => Promise.reject(new Error("it was not asked for"));
const NO_FAULTS: ServerContainer["faults"] = {
  kill: never,
  start: never,
  pause: never,
  unpause: never,
  disconnect: never,
  connect: never,
};

interface SetupOptions {
  readonly env?: Environment;
  readonly docker?: boolean;
  readonly broken?: ServerName;
}

/** Suites are kept instead of run; `before` and `after` are the hooks of the file in their order. */
function setup({ env = {}, docker = true, broken }: SetupOptions = {}) {
  const suites: { name: string; skipped: boolean }[] = [];
  const tests: { name: string; body: () => void }[] = [];
  const before: (() => Promise<void>)[] = [];
  const after: (() => Promise<void>)[] = [];
  const said: string[] = [];
  const started: string[] = [];
  const stopped: string[] = [];
  const suite = (skipped: boolean) => (name: string, body: () => void) => {
    suites.push({ name, skipped });
    body();
  };
  const tools: SuiteTools = {
    env,
    dockerFault: async () => (docker ? null : "no Docker socket"),
    async startContainer(name, image) {
      if (name === broken) throw new Error("on purpose");
      started.push(image);
      return { address: `${name}-address`, faults: NO_FAULTS, stop: async () => void stopped.push(name) };
    },
    suite: suite(false),
    skippedSuite: suite(true),
    test: (name, body) => void tests.push({ name, body }),
    beforeAll: (hook) => void before.push(hook),
    afterAll: (hook) => void after.push(hook),
    say: (line) => void said.push(line),
  };
  const run = async (hooks: readonly (() => Promise<void>)[]) => {
    for (const hook of hooks) await hook();
  };
  return {
    describeWithServers: createDescribeWithServers(tools),
    suites,
    tests,
    said,
    started,
    stopped,
    begin: () => run(before),
    end: () => run(after),
  };
}

test("a server of the environment is used as it is, and nothing is started or stopped", async () => {
  const { describeWithServers, suites, started, begin, end, stopped } = setup({ env: { TEST_REDIS_URL: "redis://cache" }, docker: false });
  let seen: Servers | null = null;
  await describeWithServers("lock", ["redis"], (servers) => (seen = servers));
  await begin();
  expect(seen).toMatchObject({ redisUrl: "redis://cache" });
  await end();
  expect({ suites, started, stopped }).toEqual({ suites: [{ name: "lock", skipped: false }], started: [], stopped: [] });
});

test("suites of one file share their containers, which stop once at its end", async () => {
  const { describeWithServers, started, begin, end, stopped } = setup({ env: { KAFKA_IMAGE: "local/kafka" } });
  const seen: Servers[] = [];
  await describeWithServers("bus", ["kafka"], (servers) => seen.push(servers));
  await describeWithServers("avro", ["kafka", "registry"], (servers) => seen.push(servers));
  expect(started).toEqual([]);
  await begin();
  expect(started).toEqual(["local/kafka", "apicurio/apicurio-registry-mem:2.6.13.Final"]);
  expect(seen.map(({ kafkaBrokers }) => kafkaBrokers)).toEqual(["kafka-address", "kafka-address"]);
  expect(seen[1]?.registryUrl).toBe("registry-address");
  await end();
  expect(stopped).toEqual(["kafka", "registry"]);
});

test("a container that does not start fails its suite, and the others are stopped all the same", async () => {
  const { describeWithServers, begin, end, stopped } = setup({ broken: "registry" });
  await describeWithServers("avro", ["kafka", "registry"], () => {});
  await expect(begin()).rejects.toThrow("on purpose");
  await end();
  expect(stopped).toEqual(["kafka"]);
});

test("a suite without its servers is skipped, with its tests in sight and the reason in its name and said", async () => {
  const { describeWithServers, suites, tests, said } = setup({ docker: false });
  await describeWithServers("lock", ["redis"], () => void tests.push({ name: "a fact", body: () => {} }));
  const reason = "set TEST_REDIS_URL, or start Docker (no Docker socket)";
  expect(suites).toEqual([{ name: `lock (skipped: ${reason})`, skipped: true }]);
  expect(tests).toHaveLength(1);
  expect(said).toEqual([`skipped: lock: ${reason}`]);
});

test("a suite without its servers fails where none may be left out, and says what is missing", async () => {
  const { describeWithServers, suites, tests } = setup({ docker: false, env: { REQUIRE_INTEGRATION: "1" } });
  await describeWithServers("lock", ["redis"], () => {
    throw new Error("the body of a suite that cannot run is not read");
  });
  expect(suites).toEqual([{ name: "lock", skipped: false }]);
  expect(tests[0]?.body).toThrow("REQUIRE_INTEGRATION=1, but there is no redis: set TEST_REDIS_URL, or start Docker (no Docker socket)");
});

test("an address read too early, or of a server that was not asked for, is a fault that says so", async () => {
  const { describeWithServers, begin } = setup();
  let seen: Servers | null = null;
  const read = (): string => seen?.redisUrl ?? "";
  await describeWithServers("lock", ["redis"], (servers) => (seen = servers));
  expect(read).toThrow("no redis here: name it in what the suite needs, and read redisUrl in tests");
  await begin();
  expect(read()).toBe("redis-address");
});
