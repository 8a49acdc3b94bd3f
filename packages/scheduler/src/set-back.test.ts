import { describe, expect, test } from "@jest/globals";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { Job } from "@tickline/shared/domain/job";
import type { Schedule } from "@tickline/shared/domain/schedule/schedule";
import type { Logger } from "@tickline/shared/runtime/logger";
import { editedJob, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { changeJob, readJob } from "@tickline/shared/testing/contracts/store-steps";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { SCHEDULER_DEFAULTS } from "./scheduler-config.ts";
import { createSchedulerMetrics } from "./scheduler-metrics.ts";
import { setup } from "./scheduler-under-test.test-support.ts";
import { Registry } from "prom-client";

const turns = async (count = 12): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

const every = (everyMs: number): Schedule => ({ kind: "every", everyMs, startAt: START + everyMs, endAt: null, maxRuns: null });

/** A scheduler, and a machine whose clock is the store's, as in one process. Every run that becomes due is executed at once. */
function world() {
  const parts = setup();
  const { clock, store, deps } = parts;
  const executed: { readonly jobId: string; readonly instant: number; readonly at: number }[] = [];
  const logged: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const record = (fields: unknown, message: unknown): void =>
    void logged.push({ fields: fields as Record<string, unknown>, message: String(message) });
  const log = { debug: record, info: record, warn: record, error: record } as unknown as Logger;

  async function work(): Promise<void> {
    const runs = await store.dueRuns.publishable({ slots: ALL_SLOTS, queue: "default", limit: 1_000 });
    const claimant = { executor: "e", token: `token-${clock.monotonicMs()}-${clock.now()}`, leaseMs: 15 * SECOND };
    const now = clock.now();
    const outcomes = await store.claims.claim({ runs, claimant, now, firedAfter: 0 });
    const won = outcomes.flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));
    for (const { run } of won) executed.push({ jobId: run.jobId, instant: run.scheduledFor, at: now });
    const result = { kind: "succeeded", output: null } as const;
    const settlements = won.map(({ run, token }) => ({ runId: run.runId, token, result, finishedAt: now }));
    await store.claims.settle({ settlements, now });
  }
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      await turns();
      await work();
    }
  }
  const schedulerOf = (): Scheduler =>
    createScheduler({ ...deps, log, metrics: createSchedulerMetrics(new Registry()) }, { ...SCHEDULER_DEFAULTS, publishPollMs: 100_000 });
  /** In the order in which they were executed; `behind`: without so many executions before. */
  const instantsOf = ({ id }: Job, behind = 0): number[] =>
    executed.slice(behind).flatMap(({ jobId, instant }) => (jobId === id ? [instant] : []));
  return { ...parts, executed, logged, pass, schedulerOf, instantsOf };
}

const overlapping = { overlap: "allow" } as const;

describe("a clock that was five hours ahead for a minute, and is put right", () => {
  test.each([
    ["while the scheduler lives", false],
    ["while no scheduler lives", true],
  ])("%s: what comes by the right clock fires, nothing fires twice, and all of it is said", async (_, restarted) => {
    const { clock, store, addJob, executed, logged, pass, schedulerOf, instantsOf } = world();
    const often = await addJob({ id: "often", nextRunAt: START + MINUTE, definition: { ...overlapping, schedule: every(MINUTE) } });
    const rare = await addJob({ id: "rare", nextRunAt: START + HOUR, definition: { ...overlapping, schedule: every(HOUR) } });
    const all = { policy: "all", maxLatenessMs: 10 * HOUR, maxCount: 3 } as const;
    const several = await addJob({
      id: "several",
      nextRunAt: START + HOUR,
      definition: { ...overlapping, schedule: every(HOUR), misfire: all },
    });
    let scheduler = schedulerOf();
    await scheduler.start();
    await pass(2 * MINUTE);
    clock.jumpTo(clock.now() + 5 * HOUR);
    await pass(MINUTE + 30 * SECOND);
    expect((await readJob(store, rare)).nextRunAt).toBe(START + 6 * HOUR);
    if (restarted) await scheduler.stop();
    clock.jumpTo(clock.now() - 5 * HOUR);
    if (restarted) await (scheduler = schedulerOf()).start();
    const before = executed.length;
    await pass(6 * HOUR + 30 * MINUTE);
    await scheduler.stop();

    const ids = executed.map(({ jobId, instant }) => `${jobId} ${instant}`);
    expect(new Set(ids).size).toBe(ids.length);
    // The first of the instants that were called missed has the record that says so.
    expect(instantsOf(rare)).toEqual([5, 2, 3, 4, 6].map((hour) => START + hour * HOUR));
    expect(instantsOf(several)).toEqual([3, 4, 5, 2, 6].map((hour) => START + hour * HOUR));
    // Those that ran ahead do not run again, nor does the first of those that were called missed.
    const minutes = instantsOf(often, before).map((instant) => (instant - START) / MINUTE);
    expect(minutes.slice(0, 3)).toEqual([4, 5, 6]);
    const ran = new Set(instantsOf(often).map((instant) => (instant - START) / MINUTE));
    expect(Array.from({ length: 390 }, (_minute, index) => index + 1).filter((minute) => !ran.has(minute))).toEqual([3]);
    for (const { instant, at } of executed.slice(before)) expect(at - instant).toBeLessThanOrEqual(2 * SECOND);

    const said = logged.filter(({ message }) => message.includes("set back"));
    expect(said).toHaveLength(1);
    expect(said[0]?.fields).toMatchObject({ moved: 3, waiting: 0 });
    expect(logged.some(({ message }) => message.includes("behind what was decided by"))).toBe(true);
  });
});

test("a job that was edited by the wrong clock goes on from the right one", async () => {
  const { clock, store, addJob, executed, pass, schedulerOf, instantsOf } = world();
  const job = await addJob({ id: "edited", nextRunAt: START + HOUR, definition: { ...overlapping, schedule: every(HOUR) } });
  const scheduler = schedulerOf();
  await scheduler.start();
  await pass(MINUTE);
  clock.jumpTo(clock.now() + 5 * HOUR);
  await pass(MINUTE);
  const fired = await readJob(store, job);
  const wrong = clock.now();
  const edited = { ...editedJob(fired, { schedule: every(10 * MINUTE) }), updatedAt: wrong, nextRunAt: START + 5 * HOUR + 10 * MINUTE };
  await changeJob(store, fired, edited);
  clock.jumpTo(clock.now() - 5 * HOUR);
  const before = executed.length;
  await pass(HOUR);
  await scheduler.stop();
  const minutes = instantsOf(job, before).map((instant) => (instant - START) / MINUTE);
  expect(minutes).toEqual([10, 20, 30, 40, 50]); // At the hour stands the record of what was missed.
});

test("a job that counts its runs makes as many as it may, and that it waits is said", async () => {
  const { clock, addJob, pass, logged, schedulerOf, instantsOf } = world();
  const schedule = { ...every(HOUR), maxRuns: 3 };
  const job = await addJob({ id: "counted", nextRunAt: START + HOUR, definition: { ...overlapping, schedule } });
  const scheduler = schedulerOf();
  await scheduler.start();
  await pass(MINUTE);
  clock.jumpTo(clock.now() + 5 * HOUR);
  await pass(MINUTE);
  clock.jumpTo(clock.now() - 5 * HOUR);
  await pass(9 * HOUR);
  await scheduler.stop();
  expect(instantsOf(job)).toEqual([5, 6, 7].map((hour) => START + hour * HOUR));
  expect(logged.find(({ message }) => message.includes("set back"))?.fields).toMatchObject({
    moved: 0,
    waiting: 1,
    waitingJobs: ["counted"],
  });
});

test("a clock that is behind for a while fires nothing twice and nothing from before the job, and what is owed afterwards is right", async () => {
  const { clock, addJob, pass, schedulerOf, instantsOf, runsOf } = world();
  const [createdAt, startAt] = [START - 10 * MINUTE, START - 40 * HOUR];
  const schedule = { ...every(HOUR), startAt };
  const job = await addJob({ id: "steady", createdAt, updatedAt: createdAt, nextRunAt: START, definition: { ...overlapping, schedule } });
  const scheduler = schedulerOf();
  await scheduler.start();
  await pass(2 * HOUR + MINUTE);
  clock.jumpTo(clock.now() - 30 * HOUR);
  await pass(90 * MINUTE);
  expect(instantsOf(job)).toEqual([0, 1, 2].map((hour) => START + hour * HOUR));
  clock.jumpTo(clock.now() + 30 * HOUR);
  await pass(HOUR);
  await scheduler.stop();
  expect(instantsOf(job)).toEqual([0, 1, 2, 3, 4].map((hour) => START + hour * HOUR));
  expect((await runsOf(job)).map(({ state }) => state)).not.toContain("missed");
});
