import { describe, expect, test } from "@jest/globals";
import { DEFAULT_TENANT, type Job } from "@tickline/shared/domain/job/job";
import { toIso } from "@tickline/shared/domain/time/instant";
import { COMMANDS_TOPIC, REPLIES_TOPIC } from "@tickline/shared/events/topics";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { addJob } from "@tickline/shared/testing/contracts/store-steps";
import { DAY, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiSetup, type ApiUnderTest } from "./api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  return { ...under, [Symbol.asyncDispose]: under.stop };
}

const listRuns = async ({ store }: ApiUnderTest, { uid }: Job) =>
  (await store.runs.list(DEFAULT_TENANT, { jobUid: uid, limit: 100, cursor: null })).items;

describe("an api whose own clock is five minutes ahead decides by the store's", () => {
  const aheadMs = 5 * MINUTE;
  /** What the store's clock shows while the api's shows `START`. */
  const NOW = START - aheadMs;
  const ahead = () => setup({ storeAheadMs: () => -aheadMs });

  test.each([
    ["a rename", (at: ApiUnderTest) => at.call("PATCH /jobs/early", { body: { name: "renamed" } })],
    ["another schedule", (at: ApiUnderTest) => at.call("PATCH /jobs/early", { body: { schedule: "every 2h" } })],
    ["a pause", (at: ApiUnderTest) => at.call("POST /jobs/early/pause")],
    ["a deletion", (at: ApiUnderTest) => at.call("DELETE /jobs/early")],
  ])("%s fires nothing before its time, and calls nothing missed", async (_, edit) => {
    await using at = await ahead();
    const job = await addJob(at.store, { id: "early", nextRunAt: NOW + MINUTE });
    expect((await edit(at)).status).toBeLessThan(300);
    expect(await listRuns(at, job)).toEqual([]);
  });

  test("a resume skips nothing that is still to come", async () => {
    await using at = await ahead();
    await addJob(at.store, { id: "early", nextRunAt: NOW + MINUTE, state: "paused" });
    expect((await at.call("POST /jobs/early/resume")).body.nextRunAt).toBe(toIso(NOW + MINUTE));
  });

  test("a job begins by it, and a run by hand, its cancel and a preview go by it", async () => {
    await using at = await ahead();
    const job = (await at.call("POST /jobs", { body: minimalJob })).body;
    expect(job).toMatchObject({ createdAt: toIso(NOW), nextRunAt: toIso(NOW + MINUTE) });
    const run = (await at.call(`POST /jobs/${job.id}/trigger`)).body;
    expect(run.scheduledFor).toBe(toIso(NOW));
    expect((await at.call(`POST /runs/${run.id}/cancel`)).body.finishedAt).toBe(toIso(NOW));
    const preview = await at.call("POST /schedules/preview", { body: { schedule: "every 1m", count: 1 } });
    expect(preview.body.next).toEqual([toIso(NOW + MINUTE)]);
  });

  test("a key is bound at that time, and the age of a command is measured by it", async () => {
    await using at = await setup({ storeAheadMs: () => -aheadMs, config: { commandAgeMsMax: MINUTE } });
    const replies = collectReplies(at);
    await at.bus.publish(COMMANDS_TOPIC, [createCommand({ id: "c-1", time: NOW }), createCommand({ id: "c-2", time: START })]);
    expect((await replies(2)).map(({ type, time }) => [type, time])).toEqual([
      ["CommandAnswered", NOW],
      ["CommandRefused", NOW],
    ]);
    const binding = { scope: "create", key: "c-1", fingerprint: "", value: "", boundAt: 0 };
    expect((await at.store.requests.bind(DEFAULT_TENANT, binding)).boundAt).toBe(NOW);
  });
});

const createCommand = ({ id, time }: { readonly id: string; readonly time: number }): TicklineEvent => ({
  id,
  time,
  source: "billing",
  subject: id,
  tenantId: DEFAULT_TENANT,
  type: "CreateJob",
  data: { jobId: null, job: minimalJob },
});

function collectReplies({ bus, clock }: ApiUnderTest) {
  const replies: TicklineEvent[] = [];
  const subscribed = bus.subscribe({
    topics: [REPLIES_TOPIC],
    group: "test",
    from: "beginning",
    onBatch: (events) => void replies.push(...events),
  });
  return async (count: number): Promise<readonly TicklineEvent[]> => {
    await subscribed;
    while (replies.length < count) {
      await new Promise((next) => setImmediate(next));
      clock.advance(1);
    }
    return replies;
  };
}

/** Lets time pass, with turns of the event loop between. */
async function pass({ clock }: ApiUnderTest, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setImmediate(next));
  }
}

describe("while the store's clock jumps", () => {
  const WRITES: readonly (readonly [string, unknown?])[] = [
    ["POST /jobs", minimalJob],
    ["PUT /jobs/new", minimalJob],
    ["PUT /jobs/ping", minimalJob],
    ["PATCH /jobs/ping", { name: "renamed" }],
    ["POST /jobs/ping/pause"],
    ["POST /jobs/paused/resume"],
    ["POST /jobs/ping/trigger"],
    ["DELETE /jobs/ping"],
  ];

  test("what is decided by time is refused with the reason, reads go on, and afterwards all of it works", async () => {
    let aheadMs = 0;
    await using at = await setup({ storeAheadMs: () => aheadMs });
    await at.call("PUT /jobs/ping", { body: minimalJob });
    await at.call("PUT /jobs/paused", { body: minimalJob });
    await at.call("POST /jobs/paused/pause");
    const run = (await at.call("POST /jobs/ping/trigger")).body;
    expect((await at.call("GET /readyz")).status).toBe(200);
    aheadMs = HOUR;
    await pass(at, 11 * SECOND);
    const writes = [...WRITES, [`POST /runs/${run.id}/cancel`] as const];
    for (const [request, body] of writes) {
      const reply = await at.call(request, body === undefined ? {} : { body });
      expect([request, reply.status, reply.body.code, reply.headers.get("retry-after")]).toEqual([request, 503, "clock_unsteady", "1"]);
      expect(reply.body.detail).toContain("the store's clock jumped");
    }
    expect(await at.call("GET /readyz")).toMatchObject({ status: 503, body: { code: "clock_unsteady" } });
    expect((await at.call("GET /livez")).status).toBe(200);
    expect((await at.call("GET /jobs/ping")).body.name).toBe("Ping");
    expect((await at.call("GET /jobs")).body.items).toHaveLength(2);
    expect((await at.call("GET /metrics")).body).toContain("tickline_store_time_steady 0");
    await pass(at, 10 * SECOND);
    expect((await at.call("GET /readyz")).status).toBe(200);
    for (const [request, body] of [...WRITES, [`POST /runs/${run.id}/retry`] as const]) {
      const reply = await at.call(request, body === undefined ? {} : { body });
      expect([request, reply.status < 500]).toEqual([request, true]);
    }
  });

  test("commands wait, and are carried out afterwards", async () => {
    let aheadMs = 0;
    await using at = await setup({ storeAheadMs: () => aheadMs });
    const replies = collectReplies(at);
    aheadMs = HOUR;
    await pass(at, 19 * SECOND + 500);
    await at.bus.publish(COMMANDS_TOPIC, [createCommand({ id: "c-1", time: START + HOUR })]);
    await pass(at, 0);
    expect((await at.call("GET /jobs")).body.items).toEqual([]);
    expect((await replies(1)).map(({ type }) => type)).toEqual(["CommandAnswered"]);
  });
});

test("a resume after the clock was ahead continues from now", async () => {
  await using at = await setup();
  await at.call("PUT /jobs/ping", { body: { ...minimalJob, schedule: "every 1h" } });
  at.clock.jumpTo(START + 5 * HOUR);
  await pass(at, SECOND);
  await at.call("POST /jobs/ping/pause");
  at.clock.jumpTo(START + 2 * MINUTE);
  await pass(at, SECOND);
  expect((await at.store.jobs.get(DEFAULT_TENANT, "ping"))?.nextRunAt).toBe(START + 6 * HOUR);
  expect((await at.call("POST /jobs/ping/resume")).body.nextRunAt).toBe(toIso(START + HOUR));
});

test("a machine that slept for a day decides by the right time as soon as it looks", async () => {
  await using at = await setup();
  at.clock.jumpTo(START + DAY);
  expect((await at.call("POST /jobs", { body: minimalJob })).body.code).toBe("clock_unsteady");
  await pass(at, SECOND);
  expect((await at.call("POST /jobs", { body: minimalJob })).body.createdAt).toBe(toIso(START + DAY + SECOND));
});
