import { describe, expect, test } from "@jest/globals";
import { JOBS_TOPIC } from "@tickline/shared/events/topics";
import { jobEvent } from "@tickline/shared/events/job-event";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import { serviceContract } from "@tickline/shared/testing/contracts/service.contract";
import { DAY, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { newFire } from "@tickline/shared/testing/factories-fire";
import { createAnnouncer } from "./announce/announcer.ts";
import { createTicker } from "./fire/ticker.ts";
import { createRescuer } from "./rescue/rescuer.ts";
import { createRetainer } from "./retention/retainer.ts";
import { SCHEDULER_DEFAULTS } from "./scheduler-config.ts";
import { setup } from "./scheduler-under-test.test-support.ts";
import { createScheduler } from "./scheduler.ts";

const silent = { onFired: () => undefined, onPublishable: () => undefined, onEnded: () => undefined };
/** Lets everything run that waits only for the event loop. */
const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

serviceContract("scheduler", async () => {
  const { deps, clock, addJob } = setup();
  await addJob();
  return { service: createScheduler(deps, SCHEDULER_DEFAULTS), leftovers: () => clock.timers };
});

describe("a running scheduler", () => {
  test("fires at the instant, publishes, and receives new jobs", async () => {
    const { deps, clock, addJob, publishedTypes, published } = setup();
    const scheduler = createScheduler(deps, SCHEDULER_DEFAULTS);
    await scheduler.start();
    await turns();
    expect(scheduler.leads()).toBe(true);
    const job = await addJob({ nextRunAt: START + SECOND });
    await deps.bus.publish(JOBS_TOPIC, [jobEvent("JobCreated", job)]);
    await turns();
    clock.advance(SECOND);
    await turns();
    expect(publishedTypes()).toContain("JobDue");
    expect(published.filter(({ type }) => type === "JobDue").map(({ subject }) => subject)).toEqual([job.id]);
    await scheduler.stop();
  });

  test("topics that cannot be read keep it neither from leading nor from giving that up", async () => {
    const { deps, clock, addJob, listRuns } = setup();
    const bus = { ...deps.bus, subscribe: () => new Promise<never>(() => undefined) };
    const scheduler = createScheduler({ ...deps, bus }, SCHEDULER_DEFAULTS);
    const job = await addJob({ nextRunAt: START + SECOND });
    const started = scheduler.start();
    await turns();
    clock.advance(SECOND);
    await turns();
    expect(await listRuns(job)).toHaveLength(1);
    clock.advance(9 * SECOND);
    await started;
    await scheduler.stop();
    expect(clock.timers).toBe(0);
  });

  test("in a machine that slept fires what came due meanwhile within a second", async () => {
    const { deps, clock, addJob, listRuns } = setup();
    const scheduler = createScheduler(deps, { ...SCHEDULER_DEFAULTS, storeTimeMs: DAY });
    const job = await addJob({ nextRunAt: START + 30 * MINUTE });
    await scheduler.start();
    await turns();
    clock.jumpTo(START + 30 * MINUTE + SECOND); // The monotonic clock has stood still.
    for (let step = 0; step < 4; step += 1) {
      clock.advance(250);
      await turns();
    }
    expect(await listRuns(job)).toHaveLength(1);
    expect(scheduler.leads()).toBe(true);
    await scheduler.stop();
  });

  test("of two, one leads; when it stops, the other takes over, and nothing fires twice", async () => {
    const { deps, clock, addJob, listRuns } = setup();
    const lock = createMemoryLock({ clock });
    const [first, second] = [
      createScheduler({ ...deps, lock }, SCHEDULER_DEFAULTS),
      createScheduler({ ...deps, lock }, SCHEDULER_DEFAULTS),
    ];
    const job = await addJob({ definition: { schedule: { kind: "every", everyMs: SECOND, startAt: null, endAt: null, maxRuns: null } } });
    await first.start();
    await turns();
    await second.start();
    await turns();
    expect([first.leads(), second.leads()]).toEqual([true, false]);
    for (let second_ = 0; second_ < 5; second_ += 1) {
      clock.advance(SECOND);
      await turns();
    }
    await first.stop();
    for (let step = 0; step < 10; step += 1) {
      clock.advance(SECOND);
      await turns();
    }
    expect(second.leads()).toBe(true);
    await second.stop();
    const fired = (await listRuns(job)).map(({ scheduledFor }) => (scheduledFor - START) / SECOND);
    expect(fired).toEqual(fired.map((_, index) => index));
    expect(fired.length).toBeGreaterThanOrEqual(14);
  });

  test("fires nothing by a clock that has just jumped, not even until it stops leading", async () => {
    const { deps, clock, addJob, listRuns } = setup();
    const job = await addJob({ nextRunAt: START + 30 * MINUTE });
    let aheadMs = 0;
    const scheduler = createScheduler({ ...deps, ping: async () => ({ now: clock.now() + aheadMs }) }, SCHEDULER_DEFAULTS);
    await scheduler.start();
    await turns();
    aheadMs = DAY;
    for (let step = 0; step < 60; step += 1) {
      clock.advance(SECOND / 4); // A measurement at 10 s, which is not believed before the next one.
      await turns();
    }
    aheadMs = 0;
    for (let step = 0; step < 120; step += 1) {
      clock.advance(SECOND / 4);
      await turns();
    }
    expect(await listRuns(job)).toEqual([]);
    expect(scheduler.leads()).toBe(true);
    await scheduler.stop();
  });

  test("stops leading while the store's clock jumps", async () => {
    const { deps, clock } = setup();
    let aheadMs = 0;
    const seconds = async (count: number): Promise<void> => {
      for (let step = 0; step < count; step += 1) {
        clock.advance(SECOND);
        await turns();
      }
    };
    const ping = async () => ({ now: clock.now() + aheadMs });
    const scheduler = createScheduler({ ...deps, ping }, SCHEDULER_DEFAULTS);
    await scheduler.start();
    await turns();
    aheadMs = 3_600_000;
    await seconds(14); // One measurement, and one look at the lock after it.
    expect(scheduler.leads()).toBe(false);
    await seconds(14);
    expect(scheduler.leads()).toBe(true);
    await scheduler.stop();
  });
});

describe("what a crash left", () => {
  async function fired() {
    const parts = setup();
    const job = await parts.addJob();
    const ticker = createTicker(parts.context, silent);
    await ticker.readAhead();
    await ticker.tick();
    return { ...parts, job };
  }

  const { leaseMs } = SCHEDULER_DEFAULTS;

  /** One run that an executor has claimed, with the lease it would have. */
  async function claimed() {
    const parts = await fired();
    const { context, store, clock } = parts;
    const [due] = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 1 });
    const claimant = { executor: "e1", token: "t1", leaseMs };
    await store.claims.claim({ runs: due === undefined ? [] : [due], claimant, now: clock.now(), firedAfter: 0 });
    return { ...parts, rescuer: createRescuer(context, silent) };
  }

  test("an attempt whose executor failed is due again after one whole lease, as the next attempt", async () => {
    const { clock, listRuns, job, rescuer } = await claimed();
    clock.advance(leaseMs);
    expect(await rescuer.rescue()).toBe(0);
    clock.advance(leaseMs - 1);
    expect(await rescuer.rescue()).toBe(0);
    clock.advance(1);
    expect(await rescuer.rescue()).toBe(1);
    expect((await listRuns(job)).map(({ state, attempt }) => [state, attempt])).toEqual([["due", 2]]);
  });

  test("a lease that was not renewed when it should have been is watched before it ends, so that its run waits for less than two", async () => {
    const { clock, listRuns, job, rescuer } = await claimed();
    const watchedFromMs = leaseMs - SCHEDULER_DEFAULTS.rescueAheadMs;
    clock.advance(watchedFromMs);
    expect(await rescuer.rescue()).toBe(0);
    clock.advance(leaseMs);
    expect(await rescuer.rescue()).toBe(1);
    expect((await listRuns(job)).map(({ state, attempt }) => [state, attempt])).toEqual([["due", 2]]);
  });

  test("a lease that is renewed in time is not even read", async () => {
    const { clock, context, rescuer } = await claimed();
    clock.advance(SCHEDULER_DEFAULTS.heartbeatMs);
    const query = { shard: ALL_SLOTS, now: clock.now() + SCHEDULER_DEFAULTS.rescueAheadMs, after: null, limit: 10 };
    expect(await context.leases.ending(query)).toEqual([]);
    expect(await rescuer.rescue()).toBe(0);
  });

  test("a new leader completes the fires it finds; those since then are left to who fired them, until they should have ended", async () => {
    const { addJob, clock, context, listRuns } = setup({ faults: { crashBeforeRuns: () => true } });
    const announcer = createAnnouncer(context);
    const crashed = async (id: string) => {
      const job = await addJob({ id });
      const request = { fires: [newFire(job)], now: clock.now(), claimant: null, claimed: [] };
      await expect(context.dueJobs.fire(request)).rejects.toThrow("crashed");
      return job;
    };
    const inherited = await crashed("inherited");
    await announcer.sweep();
    expect(await listRuns(inherited)).toHaveLength(1);

    const own = await crashed("own");
    clock.advance(SCHEDULER_DEFAULTS.repairAfterMs);
    await announcer.sweep();
    expect(await listRuns(own)).toEqual([]);
    clock.advance(1);
    await announcer.sweep();
    expect(await listRuns(own)).toHaveLength(1);

    clock.advance(SCHEDULER_DEFAULTS.repairAllMs);
    const ofAnyAge = await crashed("of-any-age");
    await announcer.sweep();
    expect(await listRuns(ofAnyAge)).toHaveLength(1);

    const inheritedAgain = await crashed("inherited-again");
    await announcer.start();
    await announcer.stop();
    expect(await listRuns(inheritedAgain)).toHaveLength(1);
  });

  test("events still in the outbox are published", async () => {
    const { context, publishedTypes, store } = await fired();
    const announcer = createAnnouncer(context);
    await announcer.sweep();
    expect(publishedTypes()).toContain("JobCreated");
    expect(await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).toEqual([]);
  });

  test("ended runs that were not announced are announced once", async () => {
    const { context, store, clock, job, listRuns, publishedTypes } = await fired();
    const [run] = await listRuns(job);
    await store.control.cancel(job.tenantId, { runId: run?.runId ?? "", now: clock.now() });
    const announcer = createAnnouncer(context);
    await announcer.sweep();
    expect(publishedTypes()).not.toContain("JobCompleted");
    clock.advance(SCHEDULER_DEFAULTS.sweepMs);
    await announcer.sweep();
    await announcer.sweep();
    expect(publishedTypes().filter((type) => type === "JobCompleted")).toHaveLength(1);
  });

  test("runs past their retention are forgotten, younger ones are not", async () => {
    const { context, store, clock, job, listRuns } = await fired();
    const [run] = await listRuns(job);
    await store.control.cancel(job.tenantId, { runId: run?.runId ?? "", now: clock.now() });
    const announcer = createAnnouncer(context);
    clock.advance(MINUTE);
    await announcer.sweep();
    await store.status.advance(clock.now());
    const retainer = createRetainer(context);
    clock.advance(6 * DAY);
    await retainer.sweep();
    expect(await listRuns(job)).toHaveLength(1);
    clock.advance(DAY);
    await store.status.advance(clock.now());
    await retainer.sweep();
    expect(await listRuns(job)).toEqual([]);
  });
});
