import { describe, expect, test } from "@jest/globals";
import type { Store } from "@tickline/shared/ports/store/store";
import { DAY, editedJob, HOUR, MINUTE, SECOND, START } from "@tickline/shared/testing/factories";
import { planTick } from "@tickline/shared/domain/fire/plan-tick";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { jobEvent } from "@tickline/shared/events/job-event";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import type { ShardListeners } from "../shard-context.ts";
import { createTicker } from "./ticker.ts";

function setup(options: SetupOptions = {}) {
  const scheduler = setupScheduler(options);
  const reported: string[] = [];
  const listeners: ShardListeners = {
    onFired: (runs) => reported.push(...runs.map(({ jobId, scheduledFor }) => `${jobId} due at ${scheduledFor - START}`)),
    onPublishable: () => reported.push("publishable"),
    onEnded: (runs) => reported.push(...runs.map(({ state, reason }) => `${state}: ${reason}`)),
  };
  return {
    ...scheduler,
    reported,
    listeners,
    ticker: createTicker(scheduler.context, listeners),
    another: () => createTicker(scheduler.context, listeners),
  };
}

const every = (everyMs: number) => ({ kind: "every", everyMs, startAt: null, endAt: null, maxRuns: null }) as const;

describe("a tick", () => {
  test("fires what is due, at its nominal instant, and advances the job", async () => {
    const { clock, addJob, listRuns, ticker, reported } = setup();
    const job = await addJob();
    await ticker.readAhead();
    clock.advance(7);
    await ticker.tick();
    expect((await listRuns(job)).map(({ scheduledFor, state }) => [scheduledFor, state])).toEqual([[START, "due"]]);
    expect(reported).toEqual(["job-1 due at 0"]);
  });

  test("never fires early", async () => {
    const { addJob, listRuns, ticker } = setup();
    const job = await addJob({ nextRunAt: START + 1 });
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(job)).toEqual([]);
  });

  test("continues from memory within the horizon, without reading again", async () => {
    let reads = 0;
    const counted = (store: Store): Store => ({
      ...store,
      dueJobs: {
        ...store.dueJobs,
        upcoming(query) {
          reads += 1;
          return store.dueJobs.upcoming(query);
        },
      },
    });
    const { clock, addJob, listRuns, ticker } = setup({ store: counted });
    const job = await addJob({ definition: { schedule: every(100) } });
    await ticker.readAhead();
    reads = 0;
    for (let step = 0; step < 10; step += 1) {
      await ticker.tick();
      clock.advance(100);
    }
    expect(await listRuns(job)).toHaveLength(10);
    expect(reads).toBe(0);
  });

  test("of two schedulers after three hours of downtime fires the missed run once", async () => {
    const { clock, addJob, listRuns, ticker, another } = setup();
    const job = await addJob({ definition: { schedule: every(HOUR) } });
    clock.advance(3 * HOUR + 30 * MINUTE);
    const other = another();
    await Promise.all([ticker.readAhead(), other.readAhead()]);
    await Promise.all([ticker.tick(), other.tick()]);
    expect((await listRuns(job)).map(({ scheduledFor, state, count }) => [scheduledFor - START, state, count])).toEqual([
      [0, "missed", 3],
      [3 * HOUR, "due", 1],
    ]);
  });

  test("does nothing while another scheduler leads", async () => {
    let leading = false;
    const { addJob, listRuns, ticker } = setup({ leads: () => leading });
    const job = await addJob();
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(job)).toEqual([]);
    leading = true;
    await ticker.tick();
    expect(await listRuns(job)).toHaveLength(1);
  });

  test("with a backlog larger than memory fires all of it", async () => {
    const { addJob, listRuns, ticker } = setup({ config: { heapJobsMax: 10, readJobsMax: 5, fireJobsMax: 3 } });
    const jobs = await Promise.all(Array.from({ length: 37 }, (_, index) => addJob({ id: `job-${index}` })));
    for (let round = 0; round < 8; round += 1) {
      await ticker.readAhead();
      await ticker.tick();
    }
    for (const job of jobs) expect(await listRuns(job)).toHaveLength(1);
  });
});

describe("a clock that is set back", () => {
  test("delays no job that is due by its new time", async () => {
    const { clock, addJob, listRuns, ticker } = setup({ config: { overdueMs: DAY } });
    await ticker.readAhead();
    clock.jumpTo(START - HOUR);
    await ticker.readAhead();
    const job = await addJob({ nextRunAt: START - MINUTE }); // Beyond the horizon, so that its hint says nothing.
    ticker.jobWritten(job.uid, job.nextRunAt);
    clock.advance(HOUR - MINUTE);
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(job)).toHaveLength(1);
  });
});

test("a job whose reading failed is read again", async () => {
  let unavailable = true;
  const failing = (store: Store): Store => ({
    ...store,
    dueJobs: {
      ...store.dueJobs,
      read: (uids) => (unavailable ? Promise.reject(new Error("the store is unavailable")) : store.dueJobs.read(uids)),
    },
  });
  const { clock, addJob, listRuns, ticker } = setup({ store: failing, config: { overdueMs: DAY } });
  await ticker.readAhead();
  const job = await addJob({ nextRunAt: START + SECOND });
  ticker.jobWritten(job.uid, job.nextRunAt);
  await expect(ticker.readAhead()).rejects.toThrow("unavailable");
  unavailable = false;
  await ticker.readAhead();
  clock.advance(SECOND);
  await ticker.tick();
  expect(await listRuns(job)).toHaveLength(1);
});

describe("a hint", () => {
  test("of a new job that is due before the horizon is read and fired without waiting for the next read", async () => {
    const { clock, addJob, listRuns, ticker } = setup();
    await ticker.readAhead();
    const job = await addJob({ nextRunAt: START + SECOND });
    ticker.jobWritten(job.uid, job.nextRunAt);
    await ticker.readAhead();
    clock.advance(SECOND);
    await ticker.tick();
    expect(await listRuns(job)).toHaveLength(1);
  });

  test("that was lost costs no more than the next look for overdue jobs", async () => {
    const { clock, addJob, listRuns, ticker } = setup();
    await ticker.readAhead();
    const job = await addJob({ nextRunAt: START + SECOND });
    clock.advance(1_000);
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(job)).toHaveLength(1);
  });

  test("that arrives while the read ahead is in progress is not lost", async () => {
    const gate: { open?: () => void } = {};
    const slow = (store: Store): Store => ({
      ...store,
      dueJobs: {
        ...store.dueJobs,
        async upcoming(query) {
          const page = await store.dueJobs.upcoming(query);
          if (gate.open === undefined && (query.until ?? 0) > START + SECOND) await new Promise<void>((resolve) => (gate.open = resolve));
          return page;
        },
      },
    });
    const { clock, addJob, listRuns, ticker } = setup({ store: slow });
    const reading = ticker.readAhead();
    while (gate.open === undefined) await new Promise(setImmediate);
    const job = await addJob({ nextRunAt: START + SECOND });
    ticker.jobWritten(job.uid, job.nextRunAt);
    gate.open();
    await reading;
    clock.advance(999);
    await ticker.readAhead();
    clock.advance(1);
    await ticker.tick();
    expect(await listRuns(job)).toHaveLength(1);
  });
});

describe("an edit", () => {
  test("that moved the next instant makes the fire lose, and the job is read again", async () => {
    const { addJob, store, listRuns, ticker } = setup();
    const job = await addJob();
    await ticker.readAhead();
    const next = { ...editedJob(job, { name: "Renamed" }), nextRunAt: START + SECOND };
    await store.jobs.change(job.tenantId, { previous: job, next, event: jobEvent("JobUpdated", next) });
    await ticker.tick();
    expect(await listRuns(job)).toEqual([]);
    await ticker.readAhead();
    await ticker.tick();
    expect(await listRuns(job)).toEqual([]);
  });

  test("that only renamed the job costs one lost fire, and the next one wins under the new version", async () => {
    const { addJob, store, listRuns, ticker } = setup();
    const job = await addJob();
    await ticker.readAhead();
    const next = editedJob(job, { name: "Renamed" });
    await store.jobs.change(job.tenantId, { previous: job, next, event: jobEvent("JobUpdated", next) });
    await ticker.tick();
    await ticker.readAhead();
    await ticker.tick();
    expect((await listRuns(job)).map(({ jobVersion }) => jobVersion)).toEqual([2]);
  });
});

describe("a fire whose answer was lost", () => {
  test.each(["applied", "not applied"])("and that was %s leaves exactly one run", async (fate) => {
    let faults = 1;
    const lossy = (store: Store): Store => ({
      ...store,
      dueJobs: {
        ...store.dueJobs,
        async fire(request) {
          const lost = faults > 0;
          faults -= 1;
          if (lost && fate === "not applied") throw new Error("the store is unavailable");
          const result = await store.dueJobs.fire(request);
          if (lost) throw new Error("the answer was lost");
          return result;
        },
      },
    });
    const { clock, addJob, listRuns, ticker } = setup({ store: lossy });
    const job = await addJob();
    await ticker.readAhead();
    await ticker.tick();
    clock.advance(1_000);
    await ticker.readAhead();
    await ticker.tick();
    expect((await listRuns(job)).map(({ scheduledFor }) => scheduledFor)).toEqual([START]);
  });
});

test("a run that an earlier fire made, and that has ended since, is left to its own end to announce", async () => {
  const { clock, addJob, store, ticker, reported } = setup();
  const job = await addJob();
  await store.dueJobs.fire({ fires: planTick({ jobs: [job], now: START }).fires, now: START, claimant: null, claimed: [] });
  const runs = await store.dueRuns.publishable({ shard: ALL_SLOTS, queue: "default", limit: 1 });
  const claimant = { executor: "e1", token: "t1", leaseMs: 15 * SECOND };
  await store.claims.claim({ runs, claimant, now: START, firedAfter: 0 });
  const settlements = runs.map(({ runId }) => ({
    runId,
    token: "t1",
    finishedAt: START + 1,
    result: { kind: "succeeded", output: null } as const,
  }));
  await store.claims.settle({ settlements, now: START + 1 });
  const [fired] = await store.dueJobs.read([job.uid]);
  const again = { ...editedJob(fired ?? job, {}), nextRunAt: START }; // A job that was restored from a copy, say.
  await store.jobs.change(job.tenantId, { previous: fired ?? job, next: again, event: jobEvent("JobUpdated", again) });
  clock.advance(SECOND);
  await ticker.readAhead();
  await ticker.tick();
  expect((await store.dueJobs.read([job.uid])).map(({ nextRunAt }) => nextRunAt)).toEqual([START + MINUTE]);
  expect(reported).toEqual([]);
});

test("a run skipped at birth is announced as ended", async () => {
  const { clock, addJob, ticker, reported } = setup();
  await addJob({ definition: { expireAfterMs: 1_000 } });
  clock.advance(5_000);
  await ticker.readAhead();
  await ticker.tick();
  expect(reported).toEqual(["skipped: expired"]);
});
