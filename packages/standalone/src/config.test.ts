import { readFile } from "node:fs/promises";
import { describe, expect, test } from "@jest/globals";
import { JobInputSchema } from "@tickline/shared/domain/job/job-definition";
import { configDocs, readConfig } from "@tickline/shared/runtime/config/config";
import { z } from "zod";
import { ENV_EXAMPLE, SETTINGS_BY_PROCESS } from "./config-docs.ts";
import { firstExample, jobFieldDocs } from "./job-docs.ts";
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

test("all faults are reported at once, each with the name of the setting to change", () => {
  const env = { PORT: "seventy", QUEUES: "ok,Not Ok", STORE_URL: "mongodb://db", LOG_LEVEL: "loud" };
  expect(() => read(env, { workers: "0" })).toThrow(
    [
      "the configuration is not usable:",
      "  PORT=seventy: must be a whole number from 0 to 65535",
      "  STORE_URL=mongodb://db: must be sqlite:<file> in the one process",
      "  QUEUES=ok,Not Ok: must be 1 to 32 lower-case letters, digits or hyphens, and begin with a letter",
      "  --workers=0: must be a whole number from 1 to 10000",
      "  LOG_LEVEL=loud: must be debug, info, warn, error or silent",
    ].join("\n"),
  );
});

describe("what people read about the settings is made from them (npm run docs)", () => {
  test(".env.example", async () => expect(await fromRoot(".env.example")).toBe(ENV_EXAMPLE));
  test("docs/jobs.md, with a meaning of every field and an example of each of the job's own", async () => {
    const bare = (text: string): string => text.replaceAll(/[ -]+/g, " ");
    expect(bare(await fromRoot("docs/jobs.md"))).toContain(bare(jobFieldDocs()));
    const rows = jobFieldDocs().split("\n").slice(2);
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) {
      const [field = "", , , meaning = "", example = ""] = row.split(" | ");
      expect([field, meaning.length > 10, field.includes(".") || example.length > 2]).toEqual([field, true, true]);
    }
  });
  test("each example of a field of a job is accepted", () => {
    const { properties = {} } = z.toJSONSchema(JobInputSchema, { io: "input", unrepresentable: "any" });
    const examples = Object.entries(properties).map(([name, field]) => [name, firstExample(field as Parameters<typeof firstExample>[0])]);
    expect(JobInputSchema.safeParse(Object.fromEntries(examples)).error).toBeUndefined();
  });
  test.each(Object.entries(SETTINGS_BY_PROCESS))("docs/configuration.md: %s", async (_, table) => {
    const bare = (text: string): string => text.replaceAll(/[ -]+/g, " "); // The formatter pads the columns.
    expect(bare(await fromRoot("docs/configuration.md"))).toContain(bare(configDocs(table)));
  });
});
