import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { KEY_MAKES_MS } from "@tickline/shared/domain/time/time-limits";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import type { Command } from "@tickline/shared/events/command";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { DAY, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiSetup } from "./api-under-test.test-support.ts";

const headers = { "Idempotency-Key": "order-1" };
const rareJob = { ...minimalJob, schedule: "every 30d" };

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const { store, clock, bus } = under;
  let executed = 0;
  const replies: TicklineEvent[] = [];
  await bus.subscribe({ topics: [REPLIES_TOPIC], group: "test", from: "end", onBatch: (events) => void replies.push(...events) });

  /** Executes all that is due. */
  async function work({ announces = true } = {}): Promise<void> {
    const runs = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 10 });
    const now = clock.now();
    const claimant = { executor: "e", token: `token-${now}-${executed}`, leaseMs: 15 * SECOND };
    for (const outcome of await store.claims.claim({ runs, claimant, now, firedAfter: 0 })) {
      if (outcome.kind !== "won") continue;
      executed += 1;
      const { run, token } = outcome.claim;
      const result = { kind: "succeeded", output: null } as const;
      await store.claims.settle({ settlements: [{ runId: run.runId, token, result, finishedAt: now }], now });
      if (announces) await store.announcements.announced([run.runId]);
    }
  }
  /** As the scheduler does, with `RETENTION_DAYS=1` and keys for a week. */
  async function sweep({ tombstonesMs = 7 * DAY } = {}) {
    const now = clock.now();
    await store.status.advance(now);
    const events = await store.outbox.unsent({ shard: ALL_SLOTS, limit: 100 });
    await store.outbox.sent(events.map(({ id }) => id));
    return store.retention.sweep({
      now,
      endedBefore: now - DAY,
      boundBefore: now - 7 * DAY,
      deletedBefore: now - tombstonesMs,
      limit: 1_000,
    });
  }
  async function tell(command: Command): Promise<TicklineEvent | undefined> {
    const wanted = replies.length + 1;
    await bus.publish(COMMANDS_TOPIC, [command]);
    while (replies.length < wanted) {
      await new Promise((next) => setImmediate(next));
      clock.advance(1);
    }
    return replies.at(-1);
  }
  return { ...under, work, sweep, tell, executed: () => executed, [Symbol.asyncDispose]: under.stop };
}

describe("a key whose run has been forgotten", () => {
  test("runs nothing a second time: the trigger is answered that it has expired", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/j", { body: rareJob });
    const first = await at.call("POST /jobs/j/trigger", { headers });
    await at.work();
    expect((await at.call("POST /jobs/j/trigger", { headers })).body).toMatchObject({ id: first.body.id, state: "succeeded" });
    at.clock.advance(DAY + MINUTE);
    expect(await at.sweep()).toMatchObject({ runs: 1, requests: 0 });
    const late = await at.call("POST /jobs/j/trigger", { headers });
    await at.work();
    expect(late).toMatchObject({ status: 410, body: { code: "idempotency_key_expired" } });
    expect(late.body.detail).toContain("2026-01-05T12:00:00.000Z");
    expect(at.executed()).toBe(1);
    expect((await at.call("GET /runs")).body.items).toEqual([]);
    expect((await at.call("POST /jobs/j/trigger", { headers: { "Idempotency-Key": "order-2" } })).status).toBe(202);
  });

  test("of a command over Kafka neither, which is refused", async () => {
    await using at = await setup({ config: { commandAgeMsMax: 3 * DAY } });
    await at.call("PUT /jobs/j", { body: rareJob });
    const command: Command = {
      id: "c-1",
      source: "billing",
      subject: "j",
      time: START,
      tenantId: DEFAULT_TENANT,
      type: "TriggerJob",
      data: { jobId: "j", params: null },
    };
    expect(await at.tell(command)).toMatchObject({ type: "CommandAnswered" });
    await at.work();
    at.clock.advance(DAY + MINUTE);
    await at.sweep();
    expect(await at.tell(command)).toMatchObject({ type: "CommandRefused", data: { code: "idempotency_key_expired" } });
    await at.work();
    expect(at.executed()).toBe(1);
  });

  test("of a retry neither, while the run that it retried is still there", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/j", { body: rareJob });
    const { id } = (await at.call("POST /jobs/j/trigger")).body;
    await at.work({ announces: false }); // What is not announced is not forgotten.
    const first = await at.call(`POST /runs/${id}/retry`, { headers });
    await at.work();
    expect((await at.call(`POST /runs/${id}/retry`, { headers })).body).toMatchObject({ id: first.body.id, state: "succeeded" });
    at.clock.advance(DAY + MINUTE);
    expect(await at.sweep()).toMatchObject({ runs: 1 });
    expect((await at.call(`POST /runs/${id}/retry`, { headers })).body.code).toBe("idempotency_key_expired");
    await at.work();
    expect(at.executed()).toBe(2);
  });

  test("stays expired if runs are kept for less than a day", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/j", { body: rareJob });
    await at.call("POST /jobs/j/trigger", { headers });
    await at.work();
    at.clock.advance(HOUR);
    const now = at.clock.now();
    await at.store.status.advance(now);
    await at.store.retention.sweep({ now, endedBefore: now - MINUTE, boundBefore: 0, deletedBefore: 0, limit: 10 });
    expect((await at.call("POST /jobs/j/trigger", { headers })).body.code).toBe("idempotency_key_expired");
  });
});

describe("a key whose run is there", () => {
  test("is answered with it, however old the key is", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/j", { body: rareJob });
    const first = await at.call("POST /jobs/j/trigger", { headers });
    await at.work();
    at.clock.advance(5 * DAY);
    expect(await at.call("POST /jobs/j/trigger", { headers })).toMatchObject({
      status: 202,
      body: { id: first.body.id, state: "succeeded" },
    });
    expect(at.executed()).toBe(1);
  });
});

describe("a key whose request ended before it made anything", () => {
  /** A store whose fires and creations fail while `away`: the key is bound then. */
  const interrupted = async () => {
    const state = { away: true };
    const failing = <Answer>(call: () => Promise<Answer>): Promise<Answer> =>
      state.away ? Promise.reject(new AppError("store_unavailable", "away", { retryable: true })) : call();
    const at = await setup({
      wrapStore: (store) => ({
        ...store,
        jobs: { ...store.jobs, create: (...args) => failing(() => store.jobs.create(...args)) },
        dueJobs: { ...store.dueJobs, fire: (request) => failing(() => store.dueJobs.fire(request)) },
      }),
    });
    return { ...at, state };
  };

  test.each([
    ["at once", 0],
    ["within a day", KEY_MAKES_MS],
  ])("makes it when it comes again %s", async (_, laterMs) => {
    await using at = await interrupted();
    at.state.away = false;
    await at.call("PUT /jobs/j", { body: rareJob });
    at.state.away = true;
    expect((await at.call("POST /jobs/j/trigger", { headers })).status).toBe(503);
    expect((await at.call("POST /jobs", { body: rareJob, headers })).status).toBe(503);
    at.state.away = false;
    at.clock.advance(laterMs);
    await at.sweep();
    expect(await at.call("POST /jobs/j/trigger", { headers })).toMatchObject({
      status: 202,
      body: { scheduledFor: "2026-01-05T12:00:00.000Z" },
    });
    expect((await at.call("POST /jobs", { body: rareJob, headers })).status).toBe(201);
    await at.work();
    expect(at.executed()).toBe(1);
  });

  test("is not taken for one whose run was forgotten, and the other way round, after a day: it has expired", async () => {
    await using at = await interrupted();
    at.state.away = false;
    await at.call("PUT /jobs/j", { body: rareJob });
    at.state.away = true;
    await at.call("POST /jobs/j/trigger", { headers });
    await at.call("POST /jobs", { body: rareJob, headers });
    at.state.away = false;
    at.clock.advance(KEY_MAKES_MS + 1);
    expect((await at.call("POST /jobs/j/trigger", { headers })).body.code).toBe("idempotency_key_expired");
    expect((await at.call("POST /jobs", { body: rareJob, headers })).body.code).toBe("idempotency_key_expired");
  });
});

describe("a key that made a job", () => {
  test("makes no second one when the first was deleted and its tombstone is gone", async () => {
    await using at = await setup();
    const { id } = (await at.call("POST /jobs", { body: rareJob, headers })).body;
    await at.call(`DELETE /jobs/${id}`);
    expect((await at.call("POST /jobs", { body: rareJob, headers })).body.code).toBe("job_deleted");
    at.clock.advance(HOUR);
    expect(await at.sweep({ tombstonesMs: MINUTE })).toMatchObject({ tombstones: 1 });
    expect((await at.call("POST /jobs", { body: rareJob, headers })).body.code).toBe("idempotency_key_expired");
    at.clock.advance(5 * DAY);
    expect((await at.call("POST /jobs", { body: rareJob, headers })).body.code).toBe("idempotency_key_expired");
    expect((await at.call("GET /jobs")).body.items).toEqual([]);
  });

  test("is answered with the present job, however old the key is", async () => {
    await using at = await setup();
    const { id } = (await at.call("POST /jobs", { body: rareJob, headers })).body;
    await at.call(`PATCH /jobs/${id}`, { body: { name: "renamed" } });
    at.clock.advance(6 * DAY);
    expect(await at.call("POST /jobs", { body: rareJob, headers })).toMatchObject({ status: 201, body: { id, name: "renamed" } });
  });
});
