import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { configDocs, readConfig } from "@tickline/shared/runtime/config";
import { ENV_EXAMPLE, SETTINGS_BY_PROCESS } from "./config-docs.ts";
import { STANDALONE_CONFIG } from "./config.ts";

const read = (env: Record<string, string> = {}, flags: Record<string, string> = {}) => readConfig(STANDALONE_CONFIG, { env, flags });
const fromRoot = (file: string): Promise<string> => readFile(new URL(`../../../${file}`, import.meta.url), "utf8");

test("with nothing set, everything has its default", () => {
  expect(read()).toMatchObject({ host: "127.0.0.1", port: 7070, dataDir: "./data", workersMax: 200, queues: ["high", "default", "low"] });
});

test("names of hosts are a list without ports, and by default there are none", () => {
  expect(read().allowedHosts).toEqual([]);
  expect(read({ ALLOWED_HOSTS: "jobs.internal, Tickline,[fd00::1]" }).allowedHosts).toEqual(["jobs.internal", "tickline", "[fd00::1]"]);
  for (const ALLOWED_HOSTS of ["http://jobs", "jobs:7070", "*", "jobs,,other"])
    expect(() => read({ ALLOWED_HOSTS })).toThrow("must be host names or addresses without ports, by commas");
});

test("an option wins over the variable, and an empty variable is none", () => {
  expect(read({ PORT: "1", HOST: "" }, { port: "2" })).toMatchObject({ port: 2, host: "127.0.0.1" });
});

test("all faults are said at once, each with the name of what to change", () => {
  const env = { PORT: "seventy", QUEUES: "ok,Not Ok", STORE_URL: "mongodb://db", LOG_LEVEL: "loud" };
  expect(() => read(env, { workers: "0" })).toThrow(
    [
      "the configuration is not usable:",
      "  PORT=seventy: must be a whole number from 0 to 65535",
      "  STORE_URL=mongodb://db: must be sqlite:<file> or memory: in the one process",
      "  QUEUES=ok,Not Ok: must be 1 to 32 lower-case letters, digits or hyphens, and begin with a letter",
      "  --workers=0: must be a whole number from 1 to 10000",
      "  LOG_LEVEL=loud: must be debug, info, warn, error or silent",
    ].join("\n"),
  );
});

describe("what people read about the settings is made from them (npm run docs)", () => {
  test(".env.example", async () => expect(await fromRoot(".env.example")).toBe(ENV_EXAMPLE));
  test.each(Object.entries(SETTINGS_BY_PROCESS))("docs/configuration.md: %s", async (_, table) => {
    const bare = (text: string): string => text.replaceAll(/[ -]+/g, " "); // The formatter pads the columns.
    expect(bare(await fromRoot("docs/configuration.md"))).toContain(bare(configDocs(table)));
  });
});
