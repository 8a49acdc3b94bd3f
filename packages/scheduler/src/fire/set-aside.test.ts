import { describe, expect, test } from "@jest/globals";
import type { Job } from "@tickline/shared/domain/job/job";
import type { JobDefinition } from "@tickline/shared/domain/job/job-definition";
import { jobEvent } from "@tickline/shared/events/job-event";
import { MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { setupTicker as setup, turns } from "./counted-ticker.test-support.ts";

const bounds = { startAt: null, endAt: null, maxRuns: null };
const nowhere = { schedule: { kind: "cron", cron: "* * * * *", timezone: "America/Nowhere", ...bounds } } as const;
const everySecond = { schedule: { kind: "every", everyMs: SECOND, ...bounds } } as const;

describe("a job that cannot be evaluated", () => {
  const causes: readonly [name: string, definition: Partial<JobDefinition>, reason: string][] = [
    ["its zone is unknown here", nowhere, "America/Nowhere"],
    ["its cron line is refused", { schedule: { kind: "cron", cron: "0 0 * * FOO", timezone: "UTC", ...bounds } }, "FOO"],
    ["its kind of schedule is a newer one", { schedule: { kind: "rrule", rule: "FREQ=DAILY", ...bounds } as never }, "rrule"],
    [
      "its interval of the calendar is a newer one",
      { schedule: { kind: "calendar", interval: "yearly", at: "09:00", on: null, timezone: "UTC", ...bounds } as never },
      "yearly",
    ],
    [
      "its weekday is none",
      { schedule: { kind: "calendar", interval: "weekly", at: "09:00", on: "someday", timezone: "UTC", ...bounds } as never },
      "",
    ],
    ["its interval is none", { schedule: { kind: "every", everyMs: 0, ...bounds } }, "NaN"],
    ["its interval goes backwards", { schedule: { kind: "every", everyMs: -SECOND, ...bounds } }, ""],
    ["its schedule is torn", { schedule: "torn" as never }, "schedule"],
    ["its misfire policy is a newer one", { misfire: { policy: "two", maxLatenessMs: 1, maxCount: 1 } as never }, "two"],
    ["its overlap policy is a newer one", { overlap: "queue_jumping" as never }, "queue_jumping"],
    ["its params are gone", { params: null as never }, "params"],
    [
      "its maximum of runs is none",
      { schedule: { kind: "every", everyMs: SECOND, startAt: null, endAt: null, maxRuns: "three" as never } },
      "",
    ],
  ];
  test.each(causes)("because %s delays no other job", async (_, definition, reason) => {
    const { addJob, listRuns, pass, logged, aside, calls, store } = setup();
    const bad = await addJob({ id: "bad", definition });
    const good = await addJob({ id: "good", nextRunAt: START, definition: everySecond });
    const behind = await addJob({ id: "behind", nextRunAt: START, definition: everySecond });
    await pass(10 * SECOND);
    for (const job of [good, behind])
      expect((await listRuns(job)).map(({ scheduledFor }) => scheduledFor - START)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((second) => second * SECOND),
      );
    expect(await listRuns(bad)).toEqual([]);
    expect((await store.jobs.get("default", "bad"))?.nextRunAt).toBe(START);
    expect(await aside()).toBe(1);
    expect(logged.map(({ job, waitMs }) => [job, waitMs])).toEqual([1, 2, 4, 8].map((seconds) => ["bad", seconds * SECOND]));
    expect(logged[0]?.reason).toContain(reason);
    expect(calls.read).toBe(3); // At 1, 3 and 7 s.
  });

  test("costs a bounded number of reads, also while the loops run by themselves", async () => {
    const { addJob, listRuns, ticker, clock, calls } = setup();
    await addJob({ id: "bad", definition: nowhere });
    const good = await addJob({ id: "good" });
    await ticker.start();
    await turns(2_000);
    expect(await listRuns(good)).toHaveLength(1);
    expect(calls.read).toBe(0);
    for (let second = 0; second < 600; second += 1) {
      clock.advance(SECOND);
      await turns(5);
    }
    expect(await listRuns(good)).toHaveLength(11);
    expect(calls.read).toBe(9); // After 1, 2, 4 … 256 s.
    await ticker.stop();
  });

  test("is tried again no later than five minutes after the last time", async () => {
    const { addJob, pass, logged } = setup();
    await addJob({ id: "bad", definition: nowhere });
    await pass(30 * MINUTE, SECOND);
    expect(logged.at(-1)).toMatchObject({ waitMs: 5 * MINUTE });
    expect(logged.length).toBeLessThan(16);
  });

  test("fires as soon as it is edited, and is hinted so", async () => {
    const { addJob, listRuns, edit, pass, ticker, aside, clock } = setup({ config: { overdueMs: 10 * MINUTE } });
    const bad = await addJob({ id: "bad", definition: nowhere });
    await pass(MINUTE);
    const mended = await edit(bad, everySecond);
    ticker.jobWritten(mended.uid, mended.nextRunAt);
    await ticker.readAhead();
    await ticker.tick();
    expect((await listRuns(bad)).length).toBeGreaterThan(0);
    expect(await aside()).toBe(0);
    clock.advance(SECOND);
  });

  test("fires soon after it is edited, though its hint is lost", async () => {
    const { addJob, listRuns, edit, pass } = setup();
    const bad = await addJob({ id: "bad", definition: nowhere });
    await pass(5 * MINUTE);
    await edit(bad, everySecond);
    await pass(SECOND);
    expect((await listRuns(bad)).length).toBeGreaterThan(0);
  });

  test("is forgotten when it is deleted, paused, or next due far ahead", async () => {
    const { addJob, pass, store, aside, ticker } = setup();
    const changes: readonly Partial<Job>[] = [
      { state: "deleted", nextRunAt: null },
      { state: "paused" },
      { nextRunAt: START + 60 * MINUTE },
    ];
    const jobs = await Promise.all(changes.map((_, index) => addJob({ id: `bad-${index}`, definition: nowhere })));
    await pass(MINUTE);
    expect(await aside()).toBe(3);
    for (const [index, job] of jobs.entries()) {
      const next = { ...job, ...changes[index], version: 2 };
      await store.jobs.change("default", { previous: job, next, event: jobEvent("JobUpdated", next) });
      ticker.jobWritten(job.uid, next.nextRunAt);
    }
    await pass(SECOND);
    expect(await aside()).toBe(0);
  });

  test("fires where another scheduler can evaluate it, whatever this one has set aside", async () => {
    const { addJob, listRuns, pass, another, store, clock, aside } = setup();
    const job = await addJob({ definition: nowhere });
    await pass(5 * SECOND);
    // The other process has newer time zone data.
    const known = (read: readonly Job[]): readonly Job[] =>
      read.map((one) => ({ ...one, definition: { ...one.definition, ...everySecond } }));
    const dueJobs = { ...store.dueJobs, upcoming: async (query: never) => known(await store.dueJobs.upcoming(query)) };
    const other = another({ dueJobs });
    await other.readAhead();
    await other.tick();
    expect(await listRuns(job)).toHaveLength(6);
    expect(await aside()).toBe(1);
    clock.advance(SECOND);
    await pass(10 * SECOND);
    expect((await listRuns(job)).length).toBe(6);
  });

  test("is set aside in hundreds without hiding a job that no hint brought", async () => {
    const { addJob, listRuns, pass, ticker, clock, aside, calls } = setup();
    for (let index = 0; index < 700; index += 1) await addJob({ id: `bad-${index}`, nextRunAt: START - 10 * MINUTE, definition: nowhere });
    await pass(2 * SECOND);
    expect(await aside()).toBe(700);
    const overlooked = await addJob({ id: "overlooked", nextRunAt: START - 5 * MINUTE });
    clock.advance(SECOND);
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(overlooked)).not.toEqual([]);
    calls.upcoming = 0;
    await pass(10 * SECOND, SECOND);
    expect(calls.upcoming).toBeLessThan(60);
  });

  test("beyond the number that is remembered is tried again, and delays no other", async () => {
    const { addJob, listRuns, pass, aside } = setup({ config: { setAsideJobsMax: 10 } });
    for (let index = 0; index < 30; index += 1) await addJob({ id: `bad-${index}`, definition: nowhere });
    const good = await addJob({ id: "good", definition: everySecond });
    await pass(10 * SECOND);
    expect(await listRuns(good)).toHaveLength(10);
    expect(await aside()).toBe(10);
  });

  test("is counted no longer by who leads no more, and tried at once by who begins", async () => {
    const { addJob, ticker, clock, registry, logged } = setup();
    await addJob({ definition: nowhere });
    await ticker.start();
    await turns(50);
    await ticker.stop();
    expect(await registry.getSingleMetricAsString("tickline_jobs_set_aside")).not.toMatch(/} \d/);
    clock.advance(10);
    await ticker.start();
    await turns(50);
    expect(logged.map(({ waitMs }) => waitMs)).toEqual([SECOND, SECOND]);
    await ticker.stop();
  });
});
