import { describe, expect, test } from "@jest/globals";
import { sha256 } from "../../adapters/system/digest.ts";
import { newDefinition } from "../../testing/factories.ts";
import { PRIORITY_MAX } from "../queue/priority.ts";
import {
  definitionHash,
  DESCRIPTION_LENGTH_MAX,
  executionHash,
  HandlerTypeSchema,
  JOB_WORKERS_MAX,
  JobIdSchema,
  JobInputSchema,
  jobInputSchema,
  NAME_LENGTH_MAX,
  PARAMS_BYTES_MAX,
  QueueNameSchema,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TIMEOUT_MS_MAX,
} from "./job-definition.ts";

const minimal = { name: "ping", schedule: "every 2s", handler: "http" };
/** JSON of `{"a":"…"}` takes 8 bytes more than its text. */
const paramsOfBytes = (bytes: number) => ({ a: "x".repeat(bytes - 8) });

describe("a job as a person writes it", () => {
  test("takes a name, a schedule and a handler; the rest has defaults", () => {
    expect(JobInputSchema.parse(minimal)).toMatchObject({
      name: "ping",
      description: null,
      tags: [],
      handler: "http",
      params: {},
      schedule: { kind: "every", everyMs: 2_000 },
      queue: "default",
      retry: { maxAttempts: 3, backoff: "exponential" },
      timeoutMs: 60_000,
      onUncertain: "rerun",
      expireAfterMs: null,
      overlap: "skip",
      workersMax: null,
      priority: 5,
      misfire: { policy: "one" },
    });
  });

  test("names and tags lose the blanks around them", () => {
    expect(JobInputSchema.parse({ ...minimal, name: "  ping ", tags: [" eu "] })).toMatchObject({ name: "ping", tags: ["eu"] });
  });

  test.each([
    { name: "n".repeat(NAME_LENGTH_MAX) },
    { description: "d".repeat(DESCRIPTION_LENGTH_MAX) },
    { tags: Array.from({ length: TAGS_MAX }, (_, index) => `${index}`.padEnd(TAG_LENGTH_MAX, "t")) },
    { params: paramsOfBytes(PARAMS_BYTES_MAX) },
    { timeoutMs: TIMEOUT_MS_MAX },
    { expireAfterMs: 1 },
    { workersMax: 1 },
    { priority: 0 },
    { priority: PRIORITY_MAX },
    { workersMax: JOB_WORKERS_MAX },
    { queue: "any-queue-9" },
  ])("taken at its limit: %#", (change) => {
    expect(JobInputSchema.safeParse({ ...minimal, ...change }).success).toBe(true);
  });

  test.each([
    { name: "" },
    { name: "   " },
    { name: "n".repeat(NAME_LENGTH_MAX + 1) },
    { name: undefined },
    { description: "d".repeat(DESCRIPTION_LENGTH_MAX + 1) },
    { tags: Array.from({ length: TAGS_MAX + 1 }, String) },
    { tags: ["t".repeat(TAG_LENGTH_MAX + 1)] },
    { tags: [""] },
    { params: paramsOfBytes(PARAMS_BYTES_MAX + 1) },
    { params: [] },
    { params: null },
    { schedule: "sometimes" },
    { schedule: undefined },
    { handler: "HTTP" },
    { queue: "Default" },
    { timeoutMs: 0 },
    { timeoutMs: TIMEOUT_MS_MAX + 1 },
    { timeoutMs: "60000" },
    { expireAfterMs: 0 },
    { workersMax: 0 },
    { workersMax: JOB_WORKERS_MAX + 1 },
    { onUncertain: "guess" },
    { overlap: "buffer_two" },
    { priority: -1 },
    { priority: PRIORITY_MAX + 1 },
    { priority: 4.5 },
    { priority: "high" },
    { spread: "5m" },
  ])("refused: %#", (change) => {
    expect(JobInputSchema.safeParse({ ...minimal, ...change }).success).toBe(false);
  });
});

test("a service may take shorter timeouts alone, and its default is none that it would refuse", () => {
  expect(jobInputSchema(30_000).safeParse({ ...minimal, timeoutMs: 30_001 }).success).toBe(false);
  expect(jobInputSchema(30_000).parse(minimal).timeoutMs).toBe(30_000);
  expect(jobInputSchema(90_000).parse(minimal).timeoutMs).toBe(60_000);
  expect(jobInputSchema(TIMEOUT_MS_MAX)).toBe(JobInputSchema);
});

test.each([
  [JobIdSchema, ["a", "0", "Nightly.report_1-x", "x".repeat(128)], ["", "-a", ".a", "_a", "a b", "a/b", "ä", "x".repeat(129)]],
  [HandlerTypeSchema, ["http", "a.b_c-d", "x".repeat(64)], ["", "Http", "1http", "x".repeat(65), "a b"]],
  [QueueNameSchema, ["default", "a-1", "x".repeat(32)], ["", "A", "1a", "a_b", "a.b", "x".repeat(33)]],
])("names that are taken and refused: %#", (schema, taken, refused) => {
  expect(taken.filter((name) => !schema.safeParse(name).success)).toEqual([]);
  expect(refused.filter((name) => schema.safeParse(name).success)).toEqual([]);
});

/** Of `newDefinition({ params: {} })`, as the release before made it. */
const HASH_OF_BEFORE = "7a9f020b95cd53c04869272e9612c33a5b07ad872233e0c5";

describe("the hash of a definition", () => {
  test("is the same for equal definitions, in whatever order they are written", () => {
    const definition = newDefinition({ params: { a: 1, b: { c: 2, d: 3 } } });
    const reordered = Object.fromEntries(Object.entries({ ...definition, params: { b: { d: 3, c: 2 }, a: 1 } }).reverse()) as never;
    expect(definitionHash(sha256, reordered)).toBe(definitionHash(sha256, definition));
    expect(definitionHash(sha256, definition)).toMatch(/^[0-9a-f]{48}$/);
  });

  test("of a job that does not say how many workers it holds is what it was before jobs could say it", () => {
    const definition = newDefinition({ params: {} });
    expect(definitionHash(sha256, definition)).toBe(HASH_OF_BEFORE);
    expect(executionHash(sha256, { ...definition, workersMax: null })).toBe(HASH_OF_BEFORE.slice(0, 32));
    expect(executionHash(sha256, { ...definition, workersMax: 5 })).not.toBe(HASH_OF_BEFORE.slice(0, 32));
  });

  test("is another for any change", () => {
    const changes = [
      {},
      { workersMax: 5 },
      { priority: 9 },
      { name: "x" },
      { params: {} },
      { queue: "low" },
      { timeoutMs: 1 },
      { anchorAt: 0 },
      { tags: ["a"] },
    ] as const;
    const hashes = changes.map((change) => definitionHash(sha256, newDefinition(change)));
    expect(new Set(hashes).size).toBe(changes.length);
  });
});
