import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { Job } from "@tickline/shared/domain/job/job";
import type { Schedule } from "@tickline/shared/domain/schedule/schedule";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic } from "@tickline/shared/events/topics";
import type { Store } from "@tickline/shared/ports/store/store";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { editedJob, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { changeJob, readJob } from "@tickline/shared/testing/contracts/store-steps";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { createSchedulerMetrics } from "../scheduler-metrics.ts";
import { setup } from "../scheduler-under-test.test-support.ts";
import { createScheduler, type Scheduler } from "../scheduler.ts";
import { createSetBackSweep } from "./set-back-sweep.ts";
import { Registry } from "prom-client";

const turns = async (count = 12): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

/** So that a test has some thousand steps. */
const UNIT = 5 * MINUTE;

const every = (everyMs: number): Schedule => ({ kind: "every", everyMs, startAt: START + everyMs, endAt: null, maxRuns: null });

/** A scheduler, and a machine whose clock is the store's, as in one process. Every run that becomes due is executed at once. */
async function world() {
  const parts = setup();
  const { clock, store, deps } = parts;
  const executed: { readonly jobId: string; readonly instant: number; readonly at: number }[] = [];
  const logged: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const record = (fields: unknown, message: unknown): void =>
    void logged.push({ fields: fields as Record<string, unknown>, message: String(message) });
  const log = { debug: record, info: record, warn: record, error: record } as unknown as Logger;

  async function work(events: readonly TicklineEvent[]): Promise<void> {
    const runs = events.flatMap((event) => (event.type === "JobDue" ? [event.data] : []));
    const now = clock.now();
    const claimant = { executor: "e", token: `token-${clock.monotonicMs()}-${now}`, leaseMs: 15 * SECOND };
    const outcomes = await store.claims.claim({ runs, claimant, now, firedAfter: 0 });
    const won = outcomes.flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));
    for (const { run } of won) executed.push({ jobId: run.jobId, instant: run.scheduledFor, at: now });
    const result = { kind: "succeeded", output: null } as const;
    const settlements = won.map(({ run, token }) => ({ runId: run.runId, token, result, finishedAt: now }));
    await store.claims.settle({ settlements, now });
  }
  await deps.bus.subscribe({ topics: [dueTopic("default")], group: "executor", from: "beginning", onBatch: work });
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SECOND) {
      clock.advance(SECOND);
      await turns();
    }
  }
  const newScheduler = (): Scheduler =>
    createScheduler({ ...deps, log, metrics: createSchedulerMetrics(new Registry()) }, SCHEDULER_DEFAULTS);
  /** In the order in which they were executed; `behind`: without so many executions before. */
  const listExecuted = ({ id }: Job, behind = 0): number[] =>
    executed.slice(behind).flatMap(({ jobId, instant }) => (jobId === id ? [instant] : []));
  return { ...parts, executed, logged, pass, newScheduler, listExecuted };
}

const overlapping = { overlap: "allow" } as const;

describe("a clock that was far ahead for a minute, and is put right", () => {
  test.each([
    ["while the scheduler lives", false],
    ["while no scheduler lives", true],
  ])("%s: what comes by the right clock fires, nothing fires twice, and all of it is said", async (_, restarted) => {
    const { clock, store, addJob, executed, logged, pass, newScheduler, listExecuted } = await world();
    const often = await addJob({ id: "often", nextRunAt: START + MINUTE, definition: { ...overlapping, schedule: every(MINUTE) } });
    const rare = await addJob({ id: "rare", nextRunAt: START + UNIT, definition: { ...overlapping, schedule: every(UNIT) } });
    const all = { policy: "all", maxLatenessMs: 10 * UNIT, maxCount: 3 } as const;
    const several = await addJob({
      id: "several",
      nextRunAt: START + UNIT,
      definition: { ...overlapping, schedule: every(UNIT), misfire: all },
    });
    let scheduler = newScheduler();
    await scheduler.start();
    await pass(2 * MINUTE);
    clock.jumpTo(clock.now() + 5 * UNIT);
    await pass(MINUTE + 30 * SECOND);
    expect((await readJob(store, rare)).nextRunAt).toBe(START + 6 * UNIT);
    if (restarted) await scheduler.stop();
    clock.jumpTo(clock.now() - 5 * UNIT);
    if (restarted) await (scheduler = newScheduler()).start();
    const before = executed.length;
    await pass(6 * UNIT);
    await scheduler.stop();

    const ids = executed.map(({ jobId, instant }) => `${jobId} ${instant}`);
    expect(new Set(ids).size).toBe(ids.length);
    // The first of the instants that were called missed has the record that says so.
    expect(listExecuted(rare)).toEqual([5, 2, 3, 4, 6].map((unit) => START + unit * UNIT));
    expect(listExecuted(several)).toEqual([3, 4, 5, 2, 6].map((unit) => START + unit * UNIT));
    // Those that ran ahead do not run again, nor does the first of those that were called missed.
    const minutes = listExecuted(often, before).map((instant) => (instant - START) / MINUTE);
    expect(minutes.slice(0, 3)).toEqual([4, 5, 6]);
    const ran = new Set(listExecuted(often).map((instant) => (instant - START) / MINUTE));
    expect(Array.from({ length: 30 }, (_minute, index) => index + 1).filter((minute) => !ran.has(minute))).toEqual([3]);
    for (const { instant, at } of executed.slice(before)) expect(at - instant).toBeLessThanOrEqual(3 * SECOND);

    const said = logged.filter(({ message }) => message.includes("set back"));
    expect(said).toHaveLength(1);
    expect(said[0]?.fields).toMatchObject({ moved: 3, waiting: 0 });
    expect(logged.some(({ message }) => message.includes("behind what was decided by"))).toBe(true);
  });
});

test("a job that was edited by the wrong clock continues from the right one", async () => {
  const { clock, store, addJob, executed, pass, newScheduler, listExecuted } = await world();
  const job = await addJob({ id: "edited", nextRunAt: START + UNIT, definition: { ...overlapping, schedule: every(UNIT) } });
  const scheduler = newScheduler();
  await scheduler.start();
  await pass(MINUTE);
  clock.jumpTo(clock.now() + 5 * UNIT);
  await pass(MINUTE);
  const fired = await readJob(store, job);
  const wrong = clock.now();
  const edited = { ...editedJob(fired, { schedule: every(MINUTE) }), updatedAt: wrong, nextRunAt: START + 5 * UNIT + MINUTE };
  await changeJob(store, fired, edited);
  clock.jumpTo(clock.now() - 5 * UNIT);
  const before = executed.length;
  await pass(UNIT);
  await scheduler.stop();
  const minutes = listExecuted(job, before).map((instant) => (instant - START) / MINUTE);
  expect(minutes).toEqual([3, 4, 6, 7]); // At the fifth stands the record of what was missed.
});

test("a job that counts its runs makes as many as it may, and its wait is reported", async () => {
  const { clock, addJob, pass, logged, newScheduler, listExecuted } = await world();
  const schedule = { ...every(UNIT), maxRuns: 3 };
  const job = await addJob({ id: "counted", nextRunAt: START + UNIT, definition: { ...overlapping, schedule } });
  const scheduler = newScheduler();
  await scheduler.start();
  await pass(MINUTE);
  clock.jumpTo(clock.now() + 5 * UNIT);
  await pass(MINUTE);
  clock.jumpTo(clock.now() - 5 * UNIT);
  await pass(9 * UNIT);
  await scheduler.stop();
  expect(listExecuted(job)).toEqual([5, 6, 7].map((unit) => START + unit * UNIT));
  expect(logged.find(({ message }) => message.includes("set back"))?.fields).toMatchObject({
    moved: 0,
    waiting: 1,
    waitingJobs: ["counted"],
  });
});

test("a clock that is behind for a while fires nothing twice and nothing from before the job, and what is owed afterwards is right", async () => {
  const { clock, addJob, pass, newScheduler, listExecuted, listRuns } = await world();
  const [createdAt, startAt] = [START - 2 * MINUTE, START - 40 * UNIT];
  const schedule = { ...every(UNIT), startAt };
  const job = await addJob({ id: "steady", createdAt, updatedAt: createdAt, nextRunAt: START, definition: { ...overlapping, schedule } });
  const scheduler = newScheduler();
  await scheduler.start();
  await pass(2 * UNIT + MINUTE);
  clock.jumpTo(clock.now() - 30 * UNIT);
  await pass(UNIT + 2 * MINUTE);
  expect(listExecuted(job)).toEqual([0, 1, 2].map((unit) => START + unit * UNIT));
  clock.jumpTo(clock.now() + 30 * UNIT);
  await pass(UNIT);
  await scheduler.stop();
  expect(listExecuted(job)).toEqual([0, 1, 2, 3, 4].map((unit) => START + unit * UNIT));
  expect((await listRuns(job)).map(({ state }) => state)).not.toContain("missed");
});

test("a job that an older version left ahead of the clock is found at the first start", async () => {
  const { addJob, pass, logged, newScheduler, listExecuted } = await world();
  const ahead = { nextRunAt: START + 6 * UNIT, lastScheduledFor: START + 5 * UNIT, firedCount: 5 };
  const job = await addJob({ id: "left", ...ahead, definition: { ...overlapping, schedule: every(UNIT) } });
  const scheduler = newScheduler();
  await scheduler.start();
  await pass(2 * UNIT + MINUTE);
  await scheduler.stop();
  expect(listExecuted(job)).toEqual([START + UNIT, START + 2 * UNIT]);
  expect(logged.find(({ message }) => message.includes("set back"))?.fields).toMatchObject({ moved: 1 });
});

describe("jobs that cannot be moved back keep no others from being moved", () => {
  /** A pass through jobs that stand ahead of a clock which was set back, by a store that refuses to write some of them. */
  async function passThrough(isRefused: (jobId: string) => boolean, fault: Error, config = {}, schedules: Record<string, Schedule> = {}) {
    const warned: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
    const warn = (fields: unknown, message: unknown): void =>
      void warned.push({ fields: fields as Record<string, unknown>, message: String(message) });
    const refusing = (store: Store): Store => ({
      ...store,
      dueJobs: {
        ...store.dueJobs,
        fire: (request) => (request.fires.some(({ job }) => isRefused(job.id)) ? Promise.reject(fault) : store.dueJobs.fire(request)),
      },
    });
    const setBack = () => ({ count: 1, wasAhead: true, byMs: 6 * UNIT });
    const time = { steadyForMs: () => Number.POSITIVE_INFINITY, setBack, decidedBefore: () => null };
    const { context, store, addJob } = setup({ store: refusing, time: time as never, config });
    const jobs: Job[] = [];
    for (const id of ["a", "b", "c", "d", "e", "f", "g"]) {
      const maxRuns = id === "g" ? 9 : null; // It counts its runs, so it waits.
      const definition = { schedule: schedules[id] ?? { ...every(UNIT), maxRuns } };
      jobs.push(await addJob({ id, nextRunAt: START + 6 * UNIT, lastScheduledFor: START + 5 * UNIT, firedCount: 5, definition }));
    }
    const moved: string[] = [];
    const log = { ...context.log, warn } as unknown as Logger;
    const sweep = createSetBackSweep({ ...context, log }, { onMoved: (uid) => void moved.push(uid), onPublishable: () => undefined });
    const standing = async (): Promise<string[]> => {
      const now = await store.dueJobs.read(jobs.map(({ uid }) => uid));
      return now.flatMap(({ id, nextRunAt }) => (nextRunAt === START + UNIT ? [id] : [])).sort();
    };
    return { sweep, jobs, moved, warned, standing };
  }
  const refusedFor = (message: string): Error => new AppError("store_corrupt", message);

  test("if the store refuses some: those wait, and one line reports all of it", async () => {
    const { sweep, moved, warned, standing, jobs } = await passThrough((id) => "bd".includes(id), refusedFor("its row is gone"));
    expect(await sweep.sweep()).toBe(false);
    expect(await standing()).toEqual(["a", "c", "e", "f"]);
    expect(moved.toSorted()).toEqual(jobs.flatMap(({ id, uid }) => ("acef".includes(id) ? [uid] : [])));
    expect(warned.filter(({ message }) => message.includes("could not be moved")).map(({ fields }) => fields["jobId"])).toEqual(["b", "d"]);
    expect(warned.at(-1)?.fields).toMatchObject({ moved: 4, waiting: 3, waitingJobs: expect.arrayContaining(["b", "d", "g"]) });
    warned.length = 0;
    expect(await sweep.sweep()).toBe(false);
    expect(warned).toEqual([]);
  });

  test("if a whole page is refused: the pass continues behind it", async () => {
    const { sweep, standing } = await passThrough((id) => "abc".includes(id), refusedFor("its row is gone"), { setBackJobsMax: 3 });
    let rounds = 1;
    while (await sweep.sweep()) rounds += 1;
    expect(rounds).toBe(3);
    expect(await standing()).toEqual(["d", "e", "f"]);
  });

  test("where it cannot be decided for one: it stays, and the others move", async () => {
    const { sweep, standing, warned } = await passThrough(
      () => false,
      refusedFor("never"),
      {},
      {
        b: { kind: "cron", cron: "0 * * * *", timezone: "Mars/Olympus", startAt: null, endAt: null, maxRuns: null },
      },
    );
    expect(await sweep.sweep()).toBe(false);
    expect(await standing()).toEqual(["a", "c", "d", "e", "f"]);
    expect(warned.filter(({ message }) => message.includes("could not be decided")).map(({ fields }) => fields["jobId"])).toEqual(["b"]);
  });

  test("for want of the store the page is looked through again, and nothing is counted twice", async () => {
    let unavailable = true;
    const { sweep, warned, standing } = await passThrough(
      () => unavailable,
      new AppError("store_unavailable", "unavailable", { retryable: true }),
    );
    await expect(sweep.sweep()).rejects.toThrow("unavailable");
    unavailable = false;
    expect(await sweep.sweep()).toBe(false);
    expect(await standing()).toEqual(["a", "b", "c", "d", "e", "f"]);
    expect(warned.at(-1)?.fields).toMatchObject({ moved: 6, waiting: 1, waitingJobs: ["g"] });
  });
});
