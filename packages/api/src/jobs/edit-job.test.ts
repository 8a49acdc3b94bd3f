import { describe, expect, test } from "@jest/globals";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { fullJob, minimalJob } from "../api-under-test.test-support.ts";
import { editsUnderTest } from "./edits.test-support.ts";

const iso = (instant: number): string => new Date(instant).toISOString();

describe("PATCH of what only the service sets", () => {
  test.each([
    ["id", "other"],
    ["setAside", { reason: "x", since: null }],
    ["status", "failed"],
    ["nextRunAt", "2030-01-01T00:00:00.000Z"],
    ["nextRunAt", null],
    ["lastRunAt", "2030-01-01T00:00:00.000Z"],
    ["lastRun", {}],
    ["version", 7],
    ["createdAt", null],
    ["updatedAt", 0],
    ["upcoming", []],
    ["upcoming", null],
    ["recentRuns", [{ id: "x" }]],
  ])("%s is refused by its name", async (field, value) => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const refused = await at.patch("ping", { name: "Pong", [field]: value });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: `/${field}`, code: "read_only_field" }] } });
    expect((await at.call("GET /jobs/ping")).body).toMatchObject({ name: minimalJob.name, version: 1 });
  });

  test("what GET gave may be sent back", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const { body } = await at.call("GET /jobs/ping");
    expect(await at.patch("ping", { ...body, name: "Pong" })).toMatchObject({ status: 200, body: { name: "Pong", version: 2 } });
  });
});

describe("PUT /jobs/:id", () => {
  test("creates under the id of the caller, then replaces", async () => {
    await using at = await editsUnderTest();
    const created = await at.put("ping");
    expect([created.status, created.headers.get("location"), created.headers.get("etag")]).toEqual([201, "/jobs/ping", '"1"']);
    at.clock.advance(SECOND);
    const replaced = await at.put("ping", { name: "Pong", tags: ["x"] });
    expect([replaced.status, replaced.headers.get("location"), replaced.headers.get("etag")]).toEqual([200, null, '"2"']);
    expect(replaced.body).toMatchObject({ name: "Pong", tags: ["x"], version: 2, createdAt: iso(START), updatedAt: iso(START + SECOND) });
  });

  test("what is left out is back at its default", async () => {
    await using at = await editsUnderTest();
    await at.put("full", fullJob);
    expect((await at.put("full")).body).toMatchObject({ description: null, tags: [], queue: "default", timeoutMs: 60_000 });
  });

  test("the same once more changes nothing, not even the version", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    at.clock.advance(SECOND);
    expect(await at.put("ping", { schedule: { every: "60s" } })).toMatchObject({
      status: 200,
      body: { version: 1, updatedAt: iso(START) },
    });
  });

  test("the same interval continues from its old start, another one begins anew", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    at.clock.advance(20 * SECOND);
    expect((await at.put("ping", { name: "Pong" })).body.nextRunAt).toBe(iso(START + MINUTE));
    expect((await at.put("ping", { schedule: { every: "1m", maxRuns: 5 } })).body.nextRunAt).toBe(iso(START + MINUTE));
    expect((await at.put("ping", { schedule: "every 2m" })).body.nextRunAt).toBe(iso(START + 20 * SECOND + 2 * MINUTE));
  });

  test("a finished job stays finished under the same schedule, and continues under another one", async () => {
    await using at = await editsUnderTest();
    const once = { schedule: { at: iso(START + SECOND) } };
    await at.put("once", once);
    at.clock.advance(2 * SECOND);
    expect((await at.put("once", { ...once, name: "Renamed" })).body).toMatchObject({ state: "finished", nextRunAt: null, version: 2 });
    at.clock.advance(60 * MINUTE);
    const { body } = await at.call("GET /jobs/once");
    expect(body).toMatchObject({ state: "finished", upcoming: [] });
    expect(await at.call("PUT /jobs/once", { body })).toMatchObject({ status: 200, body: { state: "finished", version: 2 } });
    expect((await at.put("once", { schedule: "every 1m" })).body).toMatchObject({ state: "active", version: 3 });
    expect(await at.runs("once")).toHaveLength(1);
  });

  test("an instant that has fired is not fired again by an edit", async () => {
    await using at = await editsUnderTest();
    await at.put("once", { schedule: { at: iso(START + SECOND) } });
    at.clock.advance(2 * SECOND);
    const edited = await at.put("once", { schedule: { at: iso(START + SECOND), endAt: iso(START + MINUTE) } });
    expect(edited).toMatchObject({ status: 400, body: { code: "schedule_never_fires" } });
  });

  test("fewer runs than there were already finish the job", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    at.clock.advance(3 * MINUTE);
    expect((await at.put("ping", { schedule: { every: "1m", maxRuns: 2 } })).body).toMatchObject({ state: "finished", nextRunAt: null });
  });

  test("If-Match lets one of two edits of a version through", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const replies = await Promise.all(["a", "b"].map((name) => at.put("ping", { name }, { "if-match": '"1"' })));
    expect(replies.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([200, 412]);
    expect(replies.find(({ status }) => status === 412)).toMatchObject({ body: { code: "version_mismatch" } });
    expect(replies.find(({ status }) => status === 412)?.headers.get("etag")).toBe('"2"');
  });

  test("conditions that hold", async () => {
    await using at = await editsUnderTest();
    expect((await at.put("ping", {}, { "if-none-match": "*" })).status).toBe(201);
    expect((await at.put("ping", { name: "b" }, { "if-match": "*" })).status).toBe(200);
    expect((await at.put("ping", { name: "c" }, { "if-match": '"1", "2"' })).status).toBe(200);
  });

  test("many at once create one job, and all succeed", async () => {
    await using at = await editsUnderTest();
    const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => at.put("ping", { name: `n${index}` })));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(9);
    expect((await at.call("GET /jobs/ping")).body.version).toBe(10);
  });

  test("a handler and a queue that have gone since are no reason to refuse another edit", async () => {
    await using at = await editsUnderTest({ config: { queues: ["default", "express"] } });
    await at.put("ping", { queue: "express" });
    await using later = await editsUnderTest({
      wrapStore: () => ({ ...at.store, handlers: { ...at.store.handlers, list: async () => [] } }),
    });
    expect(await later.put("ping", { queue: "express", name: "Pong" })).toMatchObject({ status: 200, body: { queue: "express" } });
    expect((await later.put("ping", { queue: "express", params: { a: 1 } })).body.errors).toMatchObject([{ code: "unknown_handler" }]);
  });
});

test("a handler that executors have only on demand is refused with the setting that brings it", async () => {
  await using at = await editsUnderTest();
  expect(await at.put("ping", { handler: "command" })).toMatchObject({
    status: 400,
    body: { errors: [{ message: expect.stringContaining("started with --allow-commands (ALLOW_COMMANDS)") }] },
  });
});

describe("PATCH /jobs/:id", () => {
  test("changes the fields that it names, removes those that it sets to null, and keeps the others", async () => {
    await using at = await editsUnderTest();
    await at.put("full", fullJob);
    const patch = {
      name: "New",
      description: null,
      params: { headers: { "X-A": null, "X-B": "2" } },
      retry: { maxAttempts: 1 },
      misfire: "skip",
    };
    const { status, body } = await at.patch("full", patch);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...fullJob,
      name: "New",
      description: null,
      params: { url: fullJob.params.url, headers: { "X-B": "2" } },
      retry: { ...fullJob.retry, maxAttempts: 1 },
      misfire: { policy: "skip", maxLatenessMs: 86_400_000, maxCount: 100 },
      version: 2,
    });
  });

  test("takes both media types", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    for (const type of ["application/merge-patch+json", "application/json; charset=UTF-8"]) {
      expect((await at.patch("ping", { name: type }, { "content-type": type })).body.name).toBe(type);
    }
  });

  test("of a schedule, one field, or another kind by its short string", async () => {
    await using at = await editsUnderTest();
    await at.put("full", fullJob);
    expect((await at.patch("full", { schedule: { timezone: "UTC" } })).body.nextRunAt).toBe("2026-01-06T02:00:00.000Z");
    expect((await at.patch("full", { schedule: "every 5m" })).body.schedule).toEqual({
      every: "5m",
      startAt: null,
      endAt: null,
      maxRuns: null,
    });
    const calendar = { every: null, interval: "daily", at: "09:00" };
    expect((await at.patch("full", { schedule: calendar })).body.schedule).toMatchObject({ interval: "daily", at: "09:00" });
  });

  test("nothing, or what is so already, changes nothing", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    expect((await at.patch("ping", {})).body.version).toBe(1);
    expect((await at.patch("ping", { state: "active", id: "ping", version: 1 })).body.version).toBe(1);
  });

  test("a key that is a name of Object.prototype is data like any other", async () => {
    await using at = await editsUnderTest();
    await at.put("ping", { params: { constructor: 1, toString: "x" } });
    const { body } = await at.patch("ping", { params: { hasOwnProperty: true } });
    expect(new Map(Object.entries(body.params))).toEqual(
      new Map<string, unknown>([
        ["constructor", 1],
        ["toString", "x"],
        ["hasOwnProperty", true],
      ]),
    );
  });

  test("patches at once, each of another field, all stand", async () => {
    await using at = await editsUnderTest();
    await at.put("ping");
    const patches = [{ name: "n" }, { description: "d" }, { tags: ["t"] }, { timeoutMs: 5 }, { queue: "low" }];
    const replies = await Promise.all(patches.map((patch) => at.patch("ping", patch)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await at.call("GET /jobs/ping")).body).toMatchObject({ ...Object.assign({}, ...patches), version: 6 });
  });
});
