import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { DEFAULT_TENANT } from "@tickline/shared/domain/job/job";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Store } from "@tickline/shared/ports/store/store";
import { jobEvent } from "@tickline/shared/events/job-event";
import { DAY, HOUR, newJob, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiSetup } from "../api-under-test.test-support.ts";

async function setup(options: ApiSetup = {}) {
  const under = await apiUnderTest(options);
  const put = (id: string, changes: object = {}) => under.call(`PUT /jobs/${id}`, { body: { ...minimalJob, ...changes } });
  /** Oldest first, as `[scheduledFor after START, state, reason, count]`. */
  const history = async (id: string) =>
    (await under.call(`GET /runs?limit=200&jobId=${id}`)).body.items
      .map((run: { scheduledFor: string; state: string; reason: string | null; count: number }) => [
        Date.parse(run.scheduledFor) - START,
        run.state,
        run.reason,
        run.count,
      ])
      .toReversed();
  return { ...under, put, history, [Symbol.asyncDispose]: under.stop };
}
const iso = (instant: number): string => new Date(instant).toISOString();

describe("before an edit, a pause or a deletion, what is owed is fired", () => {
  const deeds: readonly [string, string, object | undefined][] = [
    ["a pause", "POST /jobs/ping/pause", undefined],
    ["another schedule", "PATCH /jobs/ping", { schedule: "every 1h" }],
    ["another name", "PATCH /jobs/ping", { name: "Pong" }],
    ["a replacement", "PUT /jobs/ping", { ...minimalJob, name: "Pong" }],
  ];
  test.each(deeds)("%s", async (_, request, body) => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 10s", misfire: "all" });
    at.clock.advance(35 * SECOND);
    expect((await at.call(request, { body })).status).toBe(200);
    expect(await at.history("ping")).toEqual([10, 20, 30].map((seconds) => [seconds * SECOND, "due", null, 1]));
    const [run] = (await at.call("GET /runs?jobId=ping&limit=1")).body.items;
    expect(run.jobVersion).toBe(1);
  });

  test("a deletion: the runs are there, cancelled", async () => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 10s" });
    at.clock.advance(25 * SECOND);
    expect((await at.call("DELETE /jobs/ping")).status).toBe(204);
    expect(await at.history("ping")).toEqual([10, 20].map((seconds) => [seconds * SECOND, "cancelled", "job_deleted", 1]));
  });

  test("however long ago: misfires meet the policy of the old definition", async () => {
    await using at = await setup();
    await at.put("ping");
    at.clock.advance(DAY + 30 * SECOND);
    expect((await at.call("PATCH /jobs/ping", { body: { misfire: "all" } })).status).toBe(200);
    const minutes = DAY / MINUTE;
    expect(await at.history("ping")).toEqual([
      [MINUTE, "missed", "misfire", minutes - 2],
      [DAY - MINUTE, "due", null, 1],
      [DAY, "due", null, 1],
    ]);
  });

  test("an outage that one request cannot make good is made good a part at a time", async () => {
    await using at = await setup({ config: { owedRoundsMax: 3 } });
    await at.put("ping", { schedule: "every 1s" });
    at.clock.advance(4_500 * SECOND);
    const first = await at.call("POST /jobs/ping/pause");
    expect(first).toMatchObject({ status: 503, body: { code: "catching_up" } });
    expect(first.headers.get("retry-after")).toBe("1");
    let last = first;
    for (let tries = 0; last.status === 503 && tries < 5; tries += 1) last = await at.call("POST /jobs/ping/pause");
    expect(last).toMatchObject({ status: 200, body: { state: "paused" } });
  });

  test("it races the scheduler, and every instant is there once", async () => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 1s", misfire: "all" });
    at.clock.advance(40 * SECOND);
    const requests = ["PATCH", "PATCH", "PATCH", "PATCH"].map((method, index) =>
      at.call(`${method} /jobs/ping`, { body: { name: `n${index}` } }),
    );
    expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await at.history("ping")).toEqual(Array.from({ length: 40 }, (_, second) => [(second + 1) * SECOND, "due", null, 1]));
  });

  test("the scheduler is notified that runs are ready", async () => {
    await using at = await setup();
    await at.put("ping", { schedule: "every 10s", queue: "low" });
    const heard = Promise.withResolvers<readonly TicklineEvent[]>();
    await at.bus.subscribe({ topics: [CONTROL_TOPIC], group: "test", from: "end", onBatch: heard.resolve });
    at.clock.advance(10 * SECOND);
    await at.call("POST /jobs/ping/pause");
    expect(await heard.promise).toMatchObject([{ type: "RunsReady", data: { queues: ["low"] } }]);
  });
});

describe("misfires that are counted and not yet recorded", () => {
  const misfires = { first: START - HOUR, last: START - MINUTE, count: 60 };
  const definition = { handler: "noop", params: {} };

  test.each([
    ["a deletion", "DELETE /jobs/ping", undefined],
    ["an edit that finishes the job", "PATCH /jobs/ping", { schedule: { every: "1m", maxRuns: 3 } }],
  ])("go into the history before %s, also when the clock that counted them was ahead", async (_, deed, body) => {
    await using at = await setup();
    const job = newJob({ id: "ping", nextRunAt: START + MINUTE, firedCount: 3, misfires, definition });
    await at.store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    const headers = { "content-type": "application/merge-patch+json" };
    expect((await at.call(deed, body === undefined ? {} : { body, headers })).status).toBeLessThan(300);
    expect(await at.history("ping")).toEqual([[-HOUR, "missed", "misfire", 61]]);
  });

  test("of a paused job go into the history before it is changed, once", async () => {
    await using at = await setup();
    const job = newJob({ id: "ping", nextRunAt: START + MINUTE, state: "paused", misfires, definition });
    await at.store.jobs.create(job.tenantId, { job, event: jobEvent("JobCreated", job) });
    await at.call("POST /jobs/ping/resume");
    await at.call("POST /jobs/ping/pause");
    expect(await at.history("ping")).toEqual([[-HOUR, "missed", "misfire", 60]]);
    expect(await at.store.jobs.get(job.tenantId, "ping")).toMatchObject({ state: "paused", misfires: null });
  });
});

describe("pause and resume", () => {
  test("repeating either is no error and no new version", async () => {
    await using at = await setup();
    await at.put("ping");
    const versions = [];
    for (const deed of ["resume", "pause", "pause", "resume", "resume"]) {
      const { status, body } = await at.call(`POST /jobs/ping/${deed}`);
      versions.push([deed, status, body.state, body.version]);
    }
    expect(versions).toEqual([
      ["resume", 200, "active", 1],
      ["pause", 200, "paused", 2],
      ["pause", 200, "paused", 2],
      ["resume", 200, "active", 3],
      ["resume", 200, "active", 3],
    ]);
  });

  test("resume continues from now at the old interval, and the pause is one skipped range", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    at.clock.advance(HOUR + 30 * SECOND);
    expect((await at.call("POST /jobs/ping/resume")).body.nextRunAt).toBe(iso(START + HOUR + MINUTE));
    expect(await at.history("ping")).toEqual([[MINUTE, "skipped", "paused", 60]]);
    const [range] = (await at.call("GET /jobs/ping/runs")).body.items;
    expect(range).toMatchObject({ scheduledForLast: iso(START + HOUR), attempt: 1, startedAt: null });
  });

  test("a pause in which nothing was due has no record", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    at.clock.advance(30 * SECOND);
    expect((await at.call("POST /jobs/ping/resume")).body.nextRunAt).toBe(iso(START + MINUTE));
    expect(await at.history("ping")).toEqual([]);
  });

  test("a resume that failed after the record of the pause leaves no gap when it is repeated", async () => {
    let failing = false;
    const away = (): Promise<never> => Promise.reject(new AppError("store_unavailable", "the store went away", { retryable: true }));
    const wrapStore = (store: Store): Store => ({
      ...store,
      jobs: { ...store.jobs, change: (...request) => (failing ? away() : store.jobs.change(...request)) },
    });
    await using at = await setup({ wrapStore });
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    failing = true;
    for (const minutes of [3, 2]) {
      at.clock.advance(minutes * MINUTE);
      expect((await at.call("POST /jobs/ping/resume")).status).toBe(503);
    }
    failing = false;
    at.clock.advance(4 * MINUTE);
    expect((await at.call("POST /jobs/ping/resume")).body.state).toBe("active");
    expect(await at.history("ping")).toEqual([
      [MINUTE, "skipped", "paused", 3],
      [4 * MINUTE, "skipped", "paused", 2],
      [6 * MINUTE, "skipped", "paused", 4],
    ]);
  });

  test("another schedule for a paused job records the pause so far, and the job stays paused", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    at.clock.advance(10 * MINUTE);
    expect((await at.call("PATCH /jobs/ping", { body: { schedule: "every 1h" } })).body.state).toBe("paused");
    at.clock.advance(2 * HOUR);
    await at.call("POST /jobs/ping/resume");
    expect(await at.history("ping")).toEqual([
      [MINUTE, "skipped", "paused", 10],
      [10 * MINUTE + HOUR, "skipped", "paused", 2],
    ]);
  });

  test("a job whose last instant passed in the pause is finished by resume", async () => {
    await using at = await setup();
    await at.put("once", { schedule: { at: iso(START + MINUTE) } });
    await at.call("POST /jobs/once/pause");
    at.clock.advance(HOUR);
    expect((await at.call("POST /jobs/once/resume")).body).toMatchObject({ state: "finished", nextRunAt: null });
    expect(await at.history("once")).toEqual([[MINUTE, "skipped", "paused", 1]]);
  });

  test("a finished job has nothing to pause", async () => {
    await using at = await setup();
    await at.put("once", { schedule: { at: iso(START + SECOND) } });
    at.clock.advance(MINUTE);
    expect((await at.call("POST /jobs/once/pause")).body).toMatchObject({ state: "finished", version: 1 });
  });

  test("If-Match guards them too", async () => {
    await using at = await setup();
    await at.put("ping");
    expect((await at.call("POST /jobs/ping/pause", { headers: { "if-match": '"1"' } })).status).toBe(200);
    expect((await at.call("POST /jobs/ping/resume", { headers: { "if-match": '"1"' } })).status).toBe(412);
  });
});

describe("DELETE /jobs/:id", () => {
  test("the job is gone, its history stays, and its events say so", async () => {
    await using at = await setup({ config: { cancelRunsMax: 2 } });
    await at.put("ping");
    for (let run = 0; run < 5; run += 1) await at.call("POST /jobs/ping/trigger");
    const heard: TicklineEvent[] = [];
    const all = Promise.withResolvers<void>();
    await at.bus.subscribe({
      topics: [JOBS_TOPIC, RUNS_TOPIC],
      group: "test",
      from: "end",
      onBatch(events) {
        heard.push(...events);
        if (heard.length === 6) all.resolve();
      },
    });
    const reply = await at.call("DELETE /jobs/ping");
    expect([reply.status, reply.body]).toEqual([204, ""]);
    expect((await at.call("GET /jobs/ping")).status).toBe(404);
    expect((await at.call("GET /jobs")).body.items).toEqual([]);
    expect((await at.call("GET /runs?jobId=ping&state=cancelled")).body.items).toHaveLength(5);
    await all.promise;
    expect(heard.map(({ type }) => type).toSorted()).toEqual([...Array.from({ length: 5 }, () => "JobCompleted"), "JobDeleted"]);
  });

  test("an attempt in progress continues", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/trigger");
    const runs = await at.store.dueRuns.publishable({ shard: { from: 0, to: 1024 }, queue: "default", limit: 1 });
    const claimant = { executor: "e", token: "t", leaseMs: 1_000 };
    await at.store.claims.claim({ runs, claimant, now: START, firedAfter: 0 });
    await at.call("DELETE /jobs/ping");
    expect(await at.history("ping")).toEqual([[0, "running", null, 1]]);
  });

  test("the pause of a paused job is recorded in its history", async () => {
    await using at = await setup();
    await at.put("ping");
    await at.call("POST /jobs/ping/pause");
    at.clock.advance(3 * MINUTE);
    await at.call("DELETE /jobs/ping");
    expect(await at.history("ping")).toEqual([[MINUTE, "skipped", "paused", 3]]);
  });

  test("a job created again under the id is another one", async () => {
    await using at = await setup();
    await at.put("ping");
    const before = await at.store.jobs.get(DEFAULT_TENANT, "ping");
    await at.call("DELETE /jobs/ping");
    const again = await at.put("ping");
    expect([again.status, again.body.version]).toEqual([201, 1]);
    expect((await at.store.jobs.get(DEFAULT_TENANT, "ping"))?.uid).not.toBe(before?.uid);
  });
});
