import { expect, jest, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobStarted } from "@tickline/shared/events/job-started";
import { dueTopic, RUNS_TOPIC } from "@tickline/shared/events/topics";
import { SECOND } from "@tickline/shared/testing/factories";
import { newManualFire } from "@tickline/shared/testing/factories-fire";
import { SCHEDULER_DEFAULTS } from "../scheduler-config.ts";
import { setup as surroundings } from "../scheduler-under-test.test-support.ts";
import { createScheduler } from "../scheduler.ts";

jest.setTimeout(60_000);

/** Twice what a shard may have published at a time. */
const BACKLOG = 4_000;
const STEP_MS = 250;
const EVERY_SECOND = { kind: "every", everyMs: SECOND, startAt: null, endAt: null, maxRuns: null } as const;
const turns = async (count = 30): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

/** A scheduler, and executors of one queue: all of them have `http`, and one in so many has the handler of the backlog. */
async function setup() {
  const { deps, clock, store, addJob } = surroundings();
  const scheduler = createScheduler(deps, SCHEDULER_DEFAULTS);
  /** How late runs of `http` were received, and how often runs of others were. */
  const received = { lateMs: [] as number[], deferred: 0, others: 0 };
  const fleet = { oneIn: Infinity };
  let messages = 0;

  async function receive(events: readonly TicklineEvent[]): Promise<void> {
    const known: DueRun[] = [];
    const unknown: DueRun[] = [];
    for (const event of events) {
      if (event.type !== "JobDue") continue;
      const run = event.data;
      if (run.handler === "http") received.lateMs.push(clock.now() - run.scheduledFor);
      const mine = run.handler === "http" || (messages += 1) % fleet.oneIn === 0;
      (mine ? known : unknown).push(run);
    }
    received.others += known.filter(({ handler }) => handler !== "http").length;
    received.deferred += unknown.length;
    await store.claims.defer({
      deferrals: unknown.map(({ runId, attempt }) => ({ runId, attempt, reason: "unknown_handler", wakeAt: null })),
    });
    for (const run of known) await finish(run);
  }
  async function finish(run: DueRun): Promise<void> {
    const [outcome] = await store.claims.claim({
      runs: [run],
      claimant: { executor: "e1", token: run.runId, leaseMs: 15 * SECOND },
      now: clock.now(),
      firedAfter: 0,
    });
    if (outcome?.kind !== "won") return;
    await deps.bus.publish(RUNS_TOPIC, [jobStarted(outcome.claim, "e1")]);
    const settlement = {
      runId: run.runId,
      token: run.runId,
      result: { kind: "succeeded", output: null },
      finishedAt: clock.now(),
    } as const;
    await store.claims.settle({ settlements: [settlement], now: clock.now() });
  }
  await deps.bus.subscribe({ topics: [dueTopic("default")], group: "executor-default", from: "beginning", onBatch: receive });
  return {
    scheduler,
    clock,
    store,
    received,
    fleet,
    async backlog() {
      const job = await addJob({ id: "backlog", state: "paused", nextRunAt: null, definition: { overlap: "allow", handler: "rare" } });
      for (let made = 0; made < BACKLOG; made += 500) {
        const fire = newManualFire(job, { at: clock.now(), keys: Array.from({ length: 500 }, (_, index) => `key-${made + index}`) });
        await store.dueJobs.fire({ fires: [fire], now: clock.now(), claimant: null, claimed: [] });
      }
    },
    everySecond: () => addJob({ id: "every-second", definition: { overlap: "allow", schedule: EVERY_SECOND } }),
    seen: (...types: readonly string[]) =>
      store.handlers.publish(types.map((type) => ({ type, description: null, paramsSchema: {}, lastSeenAt: clock.now() }))),
    async pass(seconds: number) {
      for (let step = 0; step < (seconds * SECOND) / STEP_MS; step += 1) {
        clock.advance(STEP_MS);
        await turns();
      }
    },
  };
}

test("a large backlog of runs with a handler that no executor has is published once, and makes no other run late", async () => {
  const { scheduler, received, backlog, everySecond, seen, pass, clock } = await setup();
  await backlog();
  await everySecond();
  await seen("http");
  await scheduler.start();
  await pass(10);
  expect(received.deferred).toBe(BACKLOG);
  received.lateMs.length = 0;
  for (let minute = 0; minute < 3; minute += 1) {
    await seen("http");
    await pass(60);
  }
  expect(received.lateMs.length).toBeGreaterThanOrEqual(179);
  expect(Math.max(...received.lateMs)).toBeLessThanOrEqual(STEP_MS);
  expect(received.deferred).toBe(BACKLOG);
  await scheduler.stop();
  expect(clock.timers).toBe(0);
});

test("where one executor in ten has the handler, its runs reach that one, and meanwhile make no other run late", async () => {
  const { scheduler, fleet, received, backlog, everySecond, seen, pass } = await setup();
  fleet.oneIn = 10;
  await backlog();
  await everySecond();
  await seen("http", "rare");
  await scheduler.start();
  await pass(20);
  received.lateMs.length = 0;
  const before = received.others;
  await pass(150);
  expect(received.lateMs.length).toBeGreaterThanOrEqual(149);
  expect(Math.max(...received.lateMs)).toBeLessThanOrEqual(STEP_MS);
  expect(received.others - before).toBeGreaterThan(1_000);
  await scheduler.stop();
});

test("once all executors have the handler, the whole backlog is run within a minute, without any hint", async () => {
  const { scheduler, store, fleet, received, backlog, everySecond, seen, pass } = await setup();
  await backlog();
  await everySecond();
  await seen("http");
  await scheduler.start();
  await pass(10);
  expect([received.deferred, received.others]).toEqual([BACKLOG, 0]);
  received.lateMs.length = 0;
  fleet.oneIn = 1;
  await seen("http", "rare");
  await pass(60);
  expect([received.deferred, received.others]).toEqual([BACKLOG, BACKLOG]);
  expect(Math.max(...received.lateMs)).toBeLessThanOrEqual(STEP_MS);
  expect(await store.deferred.queues(ALL_SLOTS)).toEqual([]);
  await scheduler.stop();
});
