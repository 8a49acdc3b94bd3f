import { afterAll, beforeAll, describe, test } from "@jest/globals";
import { dockerFault, startContainer, type ServerContainer } from "./containers.ts";
import { planServers, type Environment, type ServerPlan } from "./plan-servers.ts";
import { SERVERS, type ServerName, type Servers } from "./servers.ts";

/** What suites are made with. */
export interface SuiteTools {
  readonly env: Environment;
  readonly dockerFault: () => Promise<string | null>;
  readonly startContainer: (name: ServerName, image: string) => Promise<ServerContainer>;
  readonly suite: (name: string, body: () => void) => void;
  readonly skippedSuite: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => void) => void;
  readonly beforeAll: (hook: () => Promise<void>) => void;
  readonly afterAll: (hook: () => Promise<void>) => void;
  readonly say: (line: string) => void;
}

export type DescribeWithServers = (name: string, needs: readonly ServerName[], body: (servers: Servers) => void) => Promise<void>;

/** Containers belong to the test file: each is started once, by the first suite that needs it, and all stop after the last. */
export function createDescribeWithServers(tools: SuiteTools): DescribeWithServers {
  const containers = new Map<ServerName, Promise<ServerContainer>>();
  let ending = false;

  async function findOrStart(name: ServerName, image: string): Promise<string> {
    const starting = containers.get(name) ?? tools.startContainer(name, image);
    containers.set(name, starting);
    return (await starting).address;
  }
  /** Called before the first suite, so that it is a hook of the file and not of a suite. */
  function stopAllAfterTheFile(): void {
    if (ending) return;
    ending = true;
    tools.afterAll(async () => {
      const settled = await Promise.allSettled(containers.values());
      await Promise.all(settled.filter((result) => result.status === "fulfilled").map(({ value }) => value.stop()));
    });
  }
  function defineSuite(name: string, { given, images }: Extract<ServerPlan, { kind: "run" }>, body: (servers: Servers) => void): void {
    const addresses = new Map(given);
    if (images.size > 0) stopAllAfterTheFile();
    tools.suite(name, () => {
      if (images.size > 0)
        tools.beforeAll(async () => {
          await Promise.all([...images].map(async ([server, image]) => addresses.set(server, await findOrStart(server, image))));
        });
      body(serversAt(addresses));
    });
  }
  return async (name, needs, body) => {
    const plan = await planServers(needs, tools);
    switch (plan.kind) {
      case "run":
        return defineSuite(name, plan, body);
      case "skip":
        tools.say(`skipped: ${name}: ${plan.reason}`);
        return tools.skippedSuite(`${name} (skipped: ${plan.reason})`, () => body(serversAt(new Map())));
      case "fail":
        return tools.suite(name, () =>
          tools.test("has the servers it needs", () => {
            throw new Error(`REQUIRE_INTEGRATION=1, but there is no ${needs.join(", ")}: ${plan.reason}`);
          }),
        );
    }
  };
}

function serversAt(addresses: ReadonlyMap<ServerName, string>): Servers {
  const read = (name: ServerName): string => {
    const address = addresses.get(name);
    if (address === undefined)
      throw new Error(`no ${name} here: name it in what the suite needs, and read ${SERVERS[name].field} in tests`);
    return address;
  };
  return {
    get mongodbUrl() {
      return read("mongodb");
    },
    get kafkaBrokers() {
      return read("kafka");
    },
    get redisUrl() {
      return read("redis");
    },
    get registryUrl() {
      return read("registry");
    },
  };
}

/** Images may have to be pulled first. */
const START_MS_MAX = 600_000;
const STOP_MS_MAX = 60_000;

/** Jest, Docker, and where the environment says that servers are. */
export const JEST_TOOLS: SuiteTools = {
  env: process.env, // oxlint-disable-line node/no-process-env -- where servers are is said to the test run, not to the product
  dockerFault,
  startContainer,
  suite: describe,
  skippedSuite: describe.skip,
  test,
  beforeAll: (hook) => beforeAll(hook, START_MS_MAX),
  afterAll: (hook) => afterAll(hook, STOP_MS_MAX),
  say: (line) => void process.stderr.write(`${line}\n`),
};

/**
 * A suite on real servers, at the top of a `*.integration.test.ts` file:
 * `await describeWithServers("redis lock", ["redis"], (servers) => { … servers.redisUrl … })`.
 * Without a server the suite is skipped with the reason, or fails when `REQUIRE_INTEGRATION=1`.
 */
export const describeWithServers: DescribeWithServers = createDescribeWithServers(JEST_TOOLS);
