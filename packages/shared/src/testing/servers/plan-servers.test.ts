import { describe, expect, test } from "@jest/globals";
import { planServers, type Environment } from "./plan-servers.ts";
import type { ServerName } from "./servers.ts";

/** `docker`: whether it runs. */
function setup({ docker }: { docker: boolean }) {
  let asked = 0;
  const dockerFault = async () => {
    asked += 1;
    return docker ? null : "no Docker socket";
  };
  const plan = (names: readonly ServerName[], env: Environment = {}) => planServers(names, { env, dockerFault });
  return { plan, asked: () => asked };
}

const ALL: readonly ServerName[] = ["mongodb", "kafka", "redis", "registry"];
const URLS = {
  TEST_MONGODB_URL: "mongodb://db",
  TEST_KAFKA_BROKERS: "a:9092,b:9092",
  TEST_REDIS_URL: "redis://cache",
  TEST_REGISTRY_URL: "http://registry/apis/ccompat/v7",
};

describe("servers of a suite", () => {
  test("those in the environment go first, and Docker is not asked for", async () => {
    const { plan, asked } = setup({ docker: true });
    expect(await plan(ALL, URLS)).toEqual({
      kind: "run",
      given: new Map([
        ["mongodb", "mongodb://db"],
        ["kafka", "a:9092,b:9092"],
        ["redis", "redis://cache"],
        ["registry", "http://registry/apis/ccompat/v7"],
      ]),
      images: new Map(),
    });
    expect(asked()).toBe(0);
  });

  test("the others are started from the official images", async () => {
    const { plan } = setup({ docker: true });
    expect(await plan(ALL, { TEST_REDIS_URL: "redis://cache", TEST_MONGODB_URL: "" })).toEqual({
      kind: "run",
      given: new Map([["redis", "redis://cache"]]),
      images: new Map([
        ["mongodb", "mongo:8"],
        ["kafka", "apache/kafka:4.1.0"],
        ["registry", "apicurio/apicurio-registry-mem:2.6.13.Final"],
      ]),
    });
  });

  test("a variable names another image", async () => {
    const { plan } = setup({ docker: true });
    const env = { MONGO_IMAGE: "m", KAFKA_IMAGE: "k", REDIS_IMAGE: "r", REGISTRY_IMAGE: "g" };
    expect(await plan(ALL, env)).toMatchObject({
      images: new Map([
        ["mongodb", "m"],
        ["kafka", "k"],
        ["redis", "r"],
        ["registry", "g"],
      ]),
    });
  });

  test("without Docker the suite is skipped, and the reason says which variables to set", async () => {
    const { plan } = setup({ docker: false });
    const reason = "set TEST_KAFKA_BROKERS, TEST_REGISTRY_URL, or start Docker (no Docker socket)";
    expect(await plan(["kafka", "redis", "registry"], { TEST_REDIS_URL: "redis://cache" })).toEqual({ kind: "skip", reason });
    expect(await plan(["redis"], URLS)).toMatchObject({ kind: "run" });
  });

  test("where nothing may be left out the suite fails instead", async () => {
    const { plan } = setup({ docker: false });
    expect(await plan(["redis"], { REQUIRE_INTEGRATION: "1" })).toMatchObject({ kind: "fail" });
    expect(await plan(["redis"], { REQUIRE_INTEGRATION: "" })).toMatchObject({ kind: "skip" });
    expect(await plan(["redis"], { ...URLS, REQUIRE_INTEGRATION: "1" })).toMatchObject({ kind: "run" });
  });
});
