import { describe, expect, test } from "@jest/globals";
import type { Job } from "@tickline/shared/domain/job/job";
import { jobEvent } from "@tickline/shared/events/job-event";
import { newJob, type JobOverrides, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob, type ApiUnderTest, type Reply } from "../api-under-test.test-support.ts";

const bounds = { startAt: null, endAt: null, maxRuns: null };
const nowhere = { kind: "cron", cron: "* * * * *", timezone: "America/Nowhere", ...bounds } as const;

/** An api, and a job in its store that another version wrote, or a process with other time zone data. */
async function setup(overrides: JobOverrides = {}) {
  const at = await apiUnderTest();
  const add = async (more: JobOverrides): Promise<Job> => {
    const job = newJob({ ...more, definition: { handler: "noop", params: {}, ...more.definition } });
    await at.store.jobs.create("default", { job, event: jobEvent("JobCreated", job) });
    return job;
  };
  const bad = await add({ id: "bad", ...overrides });
  return {
    ...at,
    add,
    bad,
    history: async (id = "bad") => (await at.call(`GET /runs?jobId=${id}`)).body.items,
    [Symbol.asyncDispose]: at.stop,
  };
}

/** Its definition is not what was written. */
function tear({ rows }: Pick<ApiUnderTest, "rows">, { uid }: Job): void {
  const row = rows.jobs.get(uid)!;
  row.job = { ...row.job, definition: { ...row.job.definition, schedule: "torn" as never } };
}

const atZone = { definition: { schedule: nowhere } };
const REASON = "the time zone America/Nowhere is not in the time zone data of this process";

describe("a job that no scheduler fires", () => {
  test("shows this a minute after its instant, also in lists, until its instant changes", async () => {
    await using at = await setup({ nextRunAt: START });
    const shown = async () => [(await at.call("GET /jobs/bad")).body.setAside, (await at.call("GET /jobs")).body.items[0].setAside];
    at.clock.advance(MINUTE);
    expect(await shown()).toEqual([null, null]);
    at.clock.advance(1);
    const overdue = {
      reason: expect.stringContaining("no scheduler has fired it"),
      action: expect.stringContaining("scheduler"),
      since: "2026-01-05T12:00:00.000Z",
    };
    expect(await shown()).toEqual([overdue, overdue]);
    expect((await at.call("POST /jobs/bad/pause")).body.setAside).toBeNull();
    expect(await shown()).toEqual([null, null]);
  });

  test("shows nothing while its backlog is processed", async () => {
    await using at = await setup({ nextRunAt: START, misfires: { first: START - MINUTE, last: START - MINUTE, count: 1 } });
    at.clock.advance(5 * MINUTE);
    expect((await at.call("GET /jobs/bad")).body.setAside).toBeNull();
  });
});

describe("a job that cannot be evaluated here", () => {
  test("is shown among the others, with the reason and since when", async () => {
    await using at = await setup(atZone);
    await at.call("PUT /jobs/good", { body: minimalJob });
    const list = await at.call("GET /jobs");
    expect(list.status).toBe(200);
    expect(list.body.items.map(({ id, setAside }: { id: string; setAside: unknown }) => [id, setAside])).toEqual([
      ["good", null],
      ["bad", { reason: REASON, action: expect.stringContaining("another schedule"), since: "2026-01-05T12:00:00.000Z" }],
    ]);
    const { status, body } = await at.call("GET /jobs/bad");
    expect(status).toBe(200);
    expect(body).toMatchObject({ setAside: { reason: REASON }, upcoming: [], schedule: { timezone: "America/Nowhere" }, state: "active" });
  });

  const causes: readonly [name: string, overrides: JobOverrides][] = [
    ["a zone that is unknown", atZone],
    ["a cron line that is refused", { definition: { schedule: { kind: "cron", cron: "0 0 * * FOO", timezone: "UTC", ...bounds } } }],
    ["a kind of a newer version", { definition: { schedule: { kind: "rrule", rule: "FREQ=DAILY", ...bounds } as never } }],
    ["a policy of a newer version", { definition: { misfire: { policy: "two", maxLatenessMs: 1, maxCount: 1 } as never } }],
    ["an interval of nothing", { definition: { schedule: { kind: "every", everyMs: 0, ...bounds } } }],
    ["a definition that is torn", { definition: { schedule: "torn" as never } }],
    ["open misfires that are torn", { misfires: "torn" as never }],
  ];
  test.each(causes)("for %s can be paused, replaced and deleted, and never fails a request", async (_, overrides) => {
    await using at = await setup(overrides);
    at.clock.advance(5 * MINUTE);
    const seen = await at.call("GET /jobs/bad");
    expect([seen.status, seen.body.setAside]).toMatchObject([
      200,
      { reason: expect.any(String), action: expect.stringMatching(/PUT|PATCH/) },
    ]);
    expect((await at.call("GET /jobs")).status).toBe(200);
    const paused = await at.call("POST /jobs/bad/pause");
    expect([paused.status, paused.body.state]).toEqual([200, "paused"]);
    const resumed = await at.call("POST /jobs/bad/resume");
    if (resumed.status !== 200) expect([resumed.status, resumed.body.code]).toEqual([409, "schedule_not_evaluated"]);
    const replaced = await at.call("PUT /jobs/bad", { body: minimalJob });
    expect([replaced.status, replaced.body.setAside, replaced.body.name]).toEqual([200, null, "Ping"]);
    expect((await at.call("POST /jobs/bad/resume")).body).toMatchObject({ state: "active", setAside: null });
    expect((await at.call("DELETE /jobs/bad")).status).toBe(204);
    const again = await at.add({ id: "bad", uid: "another", ...overrides });
    at.clock.advance(MINUTE);
    expect((await at.call("DELETE /jobs/bad")).status).toBe(204);
    expect((await at.call("GET /jobs/bad")).status).toBe(404);
    expect(again.uid).toBe("another");
  });

  const mends: readonly [name: string, overrides: JobOverrides, action: RegExp, mend: (at: ApiUnderTest) => Promise<Reply>][] = [
    ["a zone", atZone, /another schedule with PATCH/, (at) => at.call("PATCH /jobs/bad", { body: { schedule: "every 10s" } })],
    [
      "a policy",
      { definition: { overlap: "newer" as never } },
      /another policy with PATCH/,
      (at) => at.call("PATCH /jobs/bad", { body: { overlap: "skip" } }),
    ],
    [
      "a torn definition",
      { definition: { schedule: "torn" as never } },
      /Replace the job as a whole with PUT/,
      (at) => at.call("PUT /jobs/bad", { body: minimalJob }),
    ],
    [
      "torn misfires",
      { misfires: "torn" as never },
      /Send the definition of the job again with PUT/,
      async (at) => at.call("PUT /jobs/bad", { body: (await at.call("GET /jobs/bad")).body }),
    ],
  ];
  test.each(mends)("for %s is repaired by the action that it recommends", async (_, overrides, action, mend) => {
    await using at = await setup(overrides);
    expect((await at.call("GET /jobs/bad")).body.setAside.action).toMatch(action);
    expect([(await mend(at)).status, (await at.call("GET /jobs/bad")).body.setAside]).toEqual([200, null]);
  });

  test("fires after the edit that gives it a schedule, and its history shows the instants that passed", async () => {
    await using at = await setup(atZone);
    at.clock.advance(5 * MINUTE);
    const edited = await at.call("PATCH /jobs/bad", { body: { schedule: "every 10s" } });
    expect([edited.status, edited.body.setAside, edited.body.nextRunAt]).toEqual([200, null, "2026-01-05T12:05:10.000Z"]);
    expect(await at.history()).toMatchObject([
      { state: "missed", reason: "not_evaluated", scheduledFor: "2026-01-05T12:00:00.000Z", count: 1, jobVersion: 1 },
    ]);
    at.clock.advance(10 * SECOND);
    await at.call("POST /jobs/bad/pause");
    expect((await at.history())[0]).toMatchObject({ state: "due", scheduledFor: "2026-01-05T12:05:10.000Z", jobVersion: 2 });
  });

  test("that is edited before its next instant owes nothing", async () => {
    await using at = await setup({ ...atZone, nextRunAt: START + MINUTE });
    expect((await at.call("PATCH /jobs/bad", { body: { schedule: "every 10s" } })).status).toBe(200);
    expect(await at.history()).toEqual([]);
  });

  test("refuses an edit that keeps its schedule", async () => {
    await using at = await setup(atZone);
    const renamed = await at.call("PATCH /jobs/bad", { body: { name: "Renamed" } });
    expect([renamed.status, renamed.body.errors]).toEqual([
      400,
      [expect.objectContaining({ pointer: "/schedule/timezone", code: "unknown_time_zone" })],
    ]);
  });

  test("resumes from its pause where it was before, once a scheduler can evaluate it", async () => {
    await using at = await setup(atZone);
    at.clock.advance(2 * MINUTE);
    await at.call("POST /jobs/bad/pause");
    const stored = await at.store.jobs.get("default", "bad");
    expect(stored).toMatchObject({ state: "paused", nextRunAt: START, version: 2 });
    expect(await at.history()).toEqual([]);
  });

  test("runs when it is asked to", async () => {
    await using at = await setup(atZone);
    const run = await at.call("POST /jobs/bad/trigger");
    expect([run.status, run.body.state]).toEqual([202, "due"]);
  });

  test("by a policy that this version does not know does not run", async () => {
    await using at = await setup({ definition: { overlap: "queue_jumping" as never } });
    expect((await at.call("POST /jobs/bad/trigger")).body).toMatchObject({ status: 409, code: "schedule_not_evaluated" });
  });

  test("records the instants that passed when it is deleted, and when its pause ends with an edit", async () => {
    await using at = await setup(atZone);
    await at.add({ ...atZone, id: "paused", state: "paused" });
    at.clock.advance(MINUTE);
    await at.call("DELETE /jobs/bad");
    expect(await at.history()).toMatchObject([{ state: "missed", reason: "not_evaluated" }]);
    await at.call("PATCH /jobs/paused", { body: { schedule: "every 10s" } });
    expect(await at.history("paused")).toMatchObject([{ state: "skipped", reason: "paused" }]);
    expect((await at.call("GET /jobs/paused")).body.state).toBe("paused");
  });
});

describe("a job whose definition cannot be read", () => {
  test("shows the fields that are known, and recommends to replace the whole job", async () => {
    await using at = await setup({ definition: { queue: "high", name: "Report" } });
    const before = (await at.call("GET /jobs/bad")).body;
    tear(at, at.bad);
    const { status, body, headers } = await at.call("GET /jobs/bad");
    expect([status, headers.get("etag")]).toEqual([200, '"1"']);
    expect(body).toMatchObject({
      id: "bad",
      name: "Report",
      queue: "high",
      handler: "noop",
      schedule: null,
      upcoming: [],
      state: "active",
    });
    expect(body.setAside).toEqual({
      reason: "its definition has no schedule that this version can read",
      action: "Replace the job as a whole with PUT /jobs/:id, or delete it.",
      since: before.nextRunAt,
    });
    const patched = await at.call("PATCH /jobs/bad", { body: { name: "Other" } });
    expect(patched.body).toMatchObject({ status: 409, code: "stored_unreadable", detail: expect.stringContaining("PUT") });
    expect((await at.call("POST /jobs/bad/trigger")).body).toMatchObject({ status: 409, code: "stored_unreadable" });
    expect((await at.call("PUT /jobs/bad", { body })).body).toMatchObject({ status: 400, code: "invalid_request" });
    at.clock.advance(MINUTE);
    expect((await at.call("PUT /jobs/bad", { body: minimalJob })).body).toMatchObject({ setAside: null, name: "Ping", version: 2 });
    expect((await at.call("GET /jobs/bad")).body).toMatchObject({ setAside: null, name: "Ping" });
    expect(await at.history()).toMatchObject([{ state: "missed", reason: "not_evaluated", scheduledFor: before.nextRunAt }]);
  });

  test("that is written again as it was is as it was", async () => {
    await using at = await setup();
    await at.call("PUT /jobs/ping", { body: minimalJob });
    const { upcoming: _, recentRuns: __, ...job } = (await at.call("GET /jobs/ping")).body;
    tear(at, (await at.store.jobs.get("default", "ping"))!);
    const mended = await at.call("PUT /jobs/ping", { body: minimalJob });
    expect(mended.body).toEqual({ ...job, version: 2 });
  });
});

describe("a run that cannot be read", () => {
  test("is named in lists that contain it; the other jobs are shown", async () => {
    await using at = await setup();
    const runs: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      runs.push((await at.call("POST /jobs/bad/trigger")).body.id);
      at.clock.advance(SECOND);
    }
    Object.assign(at.rows.runs.get(runs[1]!)!, { state: "hovering" });
    Object.assign(at.rows.runs.get(runs[2]!)!, { pastAttempts: [{ startedAt: "torn" }] });
    for (const path of ["/runs", "/jobs/bad/runs", "/runs?limit=3"]) {
      const { status, body } = await at.call(`GET ${path}`);
      expect([status, body.items.map(({ id }: { id: string }) => id), body.unreadable.map(({ id }: { id: string }) => id)]).toEqual([
        200,
        [runs[0]],
        [runs[1], runs[2]],
      ]);
    }
    expect((await at.call("GET /jobs/bad")).body.recentRuns).toHaveLength(1);
    for (const request of [`GET /runs/${runs[1]}`, `POST /runs/${runs[1]}/cancel`, `POST /runs/${runs[1]}/retry`])
      expect((await at.call(request)).body).toMatchObject({ status: 409, code: "stored_unreadable" });
  });

  test("whose definition is gone is not run once more", async () => {
    await using at = await setup({ definition: { overlap: "allow" } });
    const run = (await at.call("POST /jobs/bad/trigger")).body.id as string;
    await at.call(`POST /runs/${run}/cancel`);
    const row = at.rows.runs.get(run)!;
    Object.assign(row, { definition: { ...row.definition, params: null } });
    expect((await at.call(`GET /runs/${run}`)).status).toBe(200);
    expect((await at.call(`POST /runs/${run}/retry`)).body).toMatchObject({ status: 409, code: "stored_unreadable" });
  });
});
