import { describe, expect, test } from "@jest/globals";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiSetup, type Reply } from "../api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const { store, call, bus, clock } = under;
  const put = (id: string, changes: object = {}) => call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes } });
  const trigger = (id: string, options: { body?: object; headers?: Record<string, string> } = {}) =>
    call(`POST /jobs/${id}/trigger`, options);
  /** Lets an executor take all due runs of the queue. */
  const claimAll = async () => {
    const runs = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 100 });
    const claimant = { executor: "worker-1", token: "t", leaseMs: HOUR };
    return store.claims.claim({ runs, claimant, now: clock.now(), firedAfter: 0 });
  };
  const settle = (runId: string, output: object = {}) =>
    store.claims.settle({
      settlements: [{ runId, token: "t", result: { kind: "succeeded", output: { ...output } as never }, finishedAt: clock.now() }],
      now: clock.now(),
    });
  const hear = async (topic: string) => {
    const heard = Promise.withResolvers<readonly TicklineEvent[]>();
    await bus.subscribe({ topics: [topic], group: "test", from: "end", onBatch: heard.resolve });
    return heard.promise;
  };
  return { ...under, put, trigger, claimAll, settle, hear, [Symbol.asyncDispose]: under.stop };
}
const iso = (instant: number): string => new Date(instant).toISOString();
const accepted = ({ status, headers, body }: Reply): boolean => status === 202 && headers.get("location") === `/runs/${body.id}`;

describe("trigger now", () => {
  test("makes a run at the time of the request, and answers with its location", async () => {
    await using at = await setup();
    await at.put("ping", { params: { a: 1 } });
    at.clock.advance(5);
    const reply = await at.trigger("ping");
    expect(accepted(reply)).toBe(true);
    expect(reply.body).toMatchObject({ jobId: "ping", cause: "manual", state: "due", scheduledFor: iso(START + 5), retryOf: null });
    expect(await at.call(`GET /runs/${reply.body.id}`)).toMatchObject({ status: 200, body: reply.body });
    expect((await at.call("GET /jobs/ping")).body.nextRunAt).toBe(iso(START + MINUTE));
    const [due] = await at.store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
    expect(due?.params).toEqual({ a: 1 });
  });

  test("the scheduler is notified", async () => {
    await using at = await setup();
    await at.put("ping", { queue: "high" });
    const heard = at.hear(CONTROL_TOPIC);
    await at.trigger("ping");
    expect(await heard).toMatchObject([{ type: "RunsReady", data: { queues: ["high"] } }]);
  });

  test("also of a paused and of a finished job", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    expect(accepted(await at.trigger("ping"))).toBe(true);
    await at.put("once", { schedule: { at: iso(START + SECOND) } });
    at.clock.advance(MINUTE);
    await at.call("PATCH /jobs/once", { body: { name: "Done" } });
    expect((await at.call("GET /jobs/once")).body.state).toBe("finished");
    expect(accepted(await at.trigger("once"))).toBe(true);
  });

  test("other params are for this run alone", async () => {
    await using at = await setup();
    await at.put("ping", { params: { who: "all" } });
    const { body } = await at.trigger("ping", { body: { params: { who: "you" } } });
    const due = await at.store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
    expect(due).toMatchObject([{ runId: body.id, params: { who: "you" } }]);
    expect((await at.call("GET /jobs/ping")).body).toMatchObject({ params: { who: "all" }, version: 1 });
  });

  test("each request is a run of its own, even in one millisecond", async () => {
    await using at = await setup();
    await at.put("ping");
    const replies = await Promise.all(Array.from({ length: 10 }, () => at.trigger("ping")));
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(10);
  });

  test("the same key is the same run at any time, also while the job is edited", async () => {
    await using at = await setup();
    await at.put("ping");
    const headers = { "idempotency-key": "k" };
    const first = await at.trigger("ping", { headers });
    at.clock.advance(HOUR);
    await at.put("ping", { name: "Pong" });
    const again = await at.trigger("ping", { headers, body: {} });
    expect([again.status, again.body.id, again.body.scheduledFor]).toEqual([202, first.body.id, iso(START)]);
    expect((await at.trigger("ping", { headers: { "idempotency-key": "k2" } })).body.id).not.toBe(first.body.id);
    await at.put("other");
    expect((await at.trigger("other", { headers })).body.id).not.toBe(first.body.id);
  });

  test("an answer that got lost is made good by the repeat", async () => {
    let losses = 1;
    await using at = await setup({ faults: { loseAnswer: (method) => method === "dueJobs.fire" && losses-- > 0 } });
    await at.put("ping");
    const headers = { "idempotency-key": "k" };
    expect((await at.trigger("ping", { headers })).status).toBe(503);
    expect((await at.trigger("ping", { headers })).status).toBe(202);
    expect((await at.call("GET /runs")).body.items).toHaveLength(1);
  });

  test("while others edit the job, it is tried again", async () => {
    await using at = await setup();
    await at.put("ping");
    const replies = await Promise.all([
      ...Array.from({ length: 5 }, (_, index) => at.call("PATCH /jobs/ping", { body: { name: `n${index}` } })),
      ...Array.from({ length: 5 }, () => at.trigger("ping")),
    ]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 202, 202, 202, 202, 202]);
  });
});

describe("retry", () => {
  test("runs once more by the definition that the run used", async () => {
    await using at = await setup();
    await at.put("ping", { params: { version: 1 } });
    const first = (await at.trigger("ping")).body;
    await at.call(`POST /runs/${first.id}/cancel`);
    await at.put("ping", { params: { version: 2 } });
    at.clock.advance(SECOND);
    const reply = await at.call(`POST /runs/${first.id}/retry`);
    expect(accepted(reply)).toBe(true);
    expect(reply.body).toMatchObject({ cause: "retry", retryOf: first.id, state: "due", scheduledFor: iso(START + SECOND) });
    const due = await at.store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
    expect(due).toMatchObject([{ runId: reply.body.id, params: { version: 1 } }]);
  });

  test("what did not run may be run: a skipped one", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    at.clock.advance(HOUR);
    await at.call("POST /jobs/ping/resume");
    const [skipped] = (await at.call("GET /runs?state=skipped")).body.items;
    expect((await at.call(`POST /runs/${skipped.id}/retry`)).body).toMatchObject({ cause: "retry", count: 1, retryOf: skipped.id });
  });

  test("the same key is the same run", async () => {
    await using at = await setup();
    await at.put("ping");
    const { id } = (await at.trigger("ping")).body;
    await at.call(`POST /runs/${id}/cancel`);
    const headers = { "idempotency-key": "k" };
    const first = await at.call(`POST /runs/${id}/retry`, { headers });
    at.clock.advance(SECOND);
    expect((await at.call(`POST /runs/${id}/retry`, { headers })).body.id).toBe(first.body.id);
  });
});

describe("cancel", () => {
  test("a run that has not started ends at once, and its end is announced", async () => {
    await using at = await setup();
    await at.put("ping");
    const { id } = (await at.trigger("ping")).body;
    const heard = at.hear(RUNS_TOPIC);
    const reply = await at.call(`POST /runs/${id}/cancel`);
    expect(accepted(reply)).toBe(true);
    expect(reply.body).toMatchObject({ state: "cancelled", reason: "cancelled", finishedAt: iso(START) });
    expect(await heard).toMatchObject([{ type: "JobCompleted", source: "tickline/api", data: { runId: id, state: "cancelled" } }]);
  });

  test("of a running one, its executor is asked", async () => {
    await using at = await setup();
    await at.put("ping");
    const { id } = (await at.trigger("ping")).body;
    await at.claimAll();
    const heard = at.hear(CONTROL_TOPIC);
    const reply = await at.call(`POST /runs/${id}/cancel`);
    expect([accepted(reply), reply.body.state]).toEqual([true, "running"]);
    expect(await heard).toMatchObject([{ type: "CancelRequested", data: { runId: id } }]);
    expect((await at.store.runs.get(DEFAULT_TENANT, id))?.cancelRequested).toBe(true);
  });
});

describe("GET /runs", () => {
  test("a run shows its attempts, times and output", async () => {
    await using at = await setup();
    await at.put("ping");
    const { id } = (await at.trigger("ping")).body;
    at.clock.advance(3);
    await at.claimAll();
    at.clock.advance(12);
    await at.settle(id, { said: "hello" });
    expect((await at.call(`GET /runs/${id}`)).body).toMatchObject({
      state: "succeeded",
      attempt: 1,
      attempts: [
        { attempt: 1, state: "succeeded", startedAt: iso(START + 3), finishedAt: iso(START + 15), executor: "worker-1", error: null },
      ],
      startedAt: iso(START + 3),
      finishedAt: iso(START + 15),
      durationMs: 12,
      lateByMs: 3,
      output: { said: "hello" },
      error: null,
    });
  });

  test("every filter holds, and pages lead to the end", async () => {
    await using at = await setup();
    await at.put("a");
    await at.put("b");
    for (let run = 0; run < 3; run += 1) {
      at.clock.advance(SECOND);
      await at.trigger("a");
      await at.trigger("b");
    }
    const list = async (query: string) => (await at.call(`GET /runs?${query}`)).body.items;
    expect(await list("jobId=a")).toHaveLength(3);
    expect(await list("jobId=nobody")).toEqual([]);
    expect(await list("state=running")).toEqual([]);
    expect(await list("cause=manual")).toHaveLength(6);
    expect(await list("cause=schedule")).toEqual([]);
    expect(await list(`from=${iso(START + 2 * SECOND)}`)).toHaveLength(4);
    expect(await list(`to=${iso(START + 2 * SECOND)}`)).toHaveLength(2);
    expect(await list(`from=2026-01-05T13:00:02%2B01:00&to=${iso(START + 3 * SECOND)}`)).toHaveLength(2);
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await at.call(`GET /jobs/a/runs?limit=2${cursor}`);
      seen.push(...body.items.map((run: { id: string }) => run.id));
      cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
    } while (cursor !== "");
    expect(seen).toEqual((await list("jobId=a")).map((run: { id: string }) => run.id));
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect(seen.at(-1)).toMatch(new RegExp(`^${runIdFloor(START + SECOND)}`));
  });
});
