import { describe, expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { JOBS_TOPIC } from "@tickline/shared/events/topics";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, fullJob, minimalJob, type ApiSetup } from "../api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const create = (body: object, headers: Record<string, string> = {}) => under.call("POST /jobs", { body, headers });
  return { ...under, create, [Symbol.asyncDispose]: under.stop };
}
const iso = (instant: number): string => new Date(instant).toISOString();

describe("POST /jobs", () => {
  test("answers with the job, all defaults in, its ETag and where it is", async () => {
    await using at = await setup();
    const reply = await at.create(minimalJob);
    expect(reply.status).toBe(201);
    expect(reply.headers.get("etag")).toBe('"1"');
    expect(reply.headers.get("location")).toBe(`/jobs/${reply.body.id}`);
    expect(reply.body).toEqual({
      id: expect.stringMatching(/^job_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      name: "Ping",
      description: null,
      tags: [],
      handler: "noop",
      params: {},
      schedule: { every: "1m", startAt: null, endAt: null, maxRuns: null },
      queue: "default",
      priority: 5,
      retry: { maxAttempts: 3, backoff: "exponential", delayMs: 1_000, delayMaxMs: 3_600_000, jitter: "full", nonRetryable: [] },
      timeoutMs: 60_000,
      onUncertain: "rerun",
      expireAfterMs: null,
      overlap: "skip",
      workersMax: null,
      misfire: { policy: "one", maxLatenessMs: 86_400_000, maxCount: 100 },
      state: "active",
      setAside: null,
      status: "pending",
      nextRunAt: iso(START + MINUTE),
      lastRunAt: null,
      lastRun: null,
      version: 1,
      createdAt: iso(START),
      updatedAt: iso(START),
    });
  });

  test("shows every field as it was sent", async () => {
    await using at = await setup();
    const { status, body } = await at.create(fullJob);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...fullJob, nextRunAt: "2026-01-06T01:00:00.000Z" });
  });

  test("publishes an event, and leaves nothing in the outbox", async () => {
    await using at = await setup();
    const heard = Promise.withResolvers<readonly TicklineEvent[]>();
    await at.bus.subscribe({ topics: [JOBS_TOPIC], group: "test", from: "end", onBatch: heard.resolve });
    const { body } = await at.create(minimalJob);
    expect(await heard.promise).toMatchObject([
      { type: "JobCreated", source: "tickline/api", subject: body.id, data: { jobId: body.id, version: 1, nextRunAt: START + MINUTE } },
    ]);
    await at.stop(); // Waits for what is on its way.
    expect(await at.store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([]);
  });

  test("does not fail when the bus does: the event stays in the outbox", async () => {
    await using at = await setup();
    await at.bus.close();
    const { status, body } = await at.create(minimalJob);
    expect(status).toBe(201);
    expect(await at.store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toMatchObject([{ type: "JobCreated", subject: body.id }]);
  });

  test("an instant that has just passed is taken, and is due at once", async () => {
    await using at = await setup();
    const { status, body } = await at.create({ ...minimalJob, schedule: { at: iso(START - MINUTE) } });
    expect([status, body.state, body.nextRunAt]).toEqual([201, "active", iso(START - MINUTE)]);
  });

  test("an instant to come is taken as it is", async () => {
    await using at = await setup();
    const { body } = await at.create({ ...minimalJob, schedule: { at: "2026-07-01T09:00:00", timezone: "Europe/Berlin" } });
    expect(body).toMatchObject({
      nextRunAt: "2026-07-01T07:00:00.000Z",
      schedule: { at: "2026-07-01T09:00:00", timezone: "Europe/Berlin" },
    });
  });

  test("takes queues that were declared", async () => {
    await using at = await setup({ config: { queues: ["default", "express"] } });
    expect((await at.create({ ...minimalJob, queue: "express" })).status).toBe(201);
    expect((await at.create({ ...minimalJob, queue: "high" })).body.errors[0].code).toBe("unknown_queue");
  });

  test("a handler is known as soon as an executor has published it, hint or not", async () => {
    await using at = await setup();
    expect((await at.create({ ...minimalJob, handler: "greet" })).status).toBe(400);
    await at.store.handlers.publish([{ type: "greet", description: null, paramsSchema: {}, lastSeenAt: START }]);
    at.clock.advance(SECOND);
    expect((await at.create({ ...minimalJob, handler: "greet" })).status).toBe(201);
  });

  test("a handler whose schema cannot be compiled checks nothing", async () => {
    await using at = await setup();
    await at.store.handlers.publish([{ type: "odd", description: null, paramsSchema: { $ref: "http://nowhere/" }, lastSeenAt: START }]);
    at.clock.advance(SECOND);
    expect((await at.create({ ...minimalJob, handler: "odd", params: { any: 1 } })).status).toBe(201);
  });
});

describe("Idempotency-Key", () => {
  const headers = { "idempotency-key": "k-1" };

  test("the same key and body give the same job, and one job only", async () => {
    await using at = await setup();
    const first = await at.create(minimalJob, headers);
    at.clock.advance(10 * SECOND);
    const again = await at.create({ schedule: "every 60s", handler: "noop", name: " Ping " }, headers);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect((await at.call("GET /jobs")).body.items).toHaveLength(1);
  });

  test("many at once give one job", async () => {
    await using at = await setup();
    const replies = await Promise.all(Array.from({ length: 20 }, () => at.create(minimalJob, headers)));
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect((await at.call("GET /jobs")).body.items).toHaveLength(1);
  });

  test("a repeat answers with the job as it is by now", async () => {
    await using at = await setup();
    const first = await at.create(minimalJob, headers);
    await at.call(`PATCH /jobs/${first.body.id}`, { body: { name: "Pong" } });
    const again = await at.create(minimalJob, headers);
    expect(again.body).toMatchObject({ id: first.body.id, name: "Pong", version: 2 });
    expect(again.headers.get("etag")).toBe('"2"');
  });

  test("a repeat after the end of the schedule gets the same answer", async () => {
    await using at = await setup();
    const once = { ...minimalJob, schedule: { at: iso(START + SECOND) } };
    const first = await at.create(once, headers);
    at.clock.advance(60 * MINUTE);
    expect(await at.create(once, headers)).toMatchObject({ status: 201, body: { id: first.body.id } });
    expect(await at.create(once)).toMatchObject({ status: 400, body: { code: "schedule_never_fires" } });
  });

  test("the answer to a repeat whose job was deleted reports that", async () => {
    await using at = await setup();
    const first = await at.create(minimalJob, headers);
    await at.call(`DELETE /jobs/${first.body.id}`);
    expect(await at.create(minimalJob, headers)).toMatchObject({ status: 409, body: { code: "job_deleted" } });
  });

  test("a request that was refused does not use its key up", async () => {
    await using at = await setup();
    expect((await at.create({ ...minimalJob, handler: "nobody" }, headers)).status).toBe(400);
    expect((await at.create(minimalJob, headers)).status).toBe(201);
  });

  test("an answer that got lost is made good by the repeat", async () => {
    let losses = 1;
    await using at = await setup({ faults: { loseAnswer: (method) => method === "jobs.create" && losses-- > 0 } });
    expect(await at.create(minimalJob, headers)).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    expect((await at.create(minimalJob, headers)).status).toBe(201);
    expect((await at.call("GET /jobs")).body.items).toHaveLength(1);
  });
});
