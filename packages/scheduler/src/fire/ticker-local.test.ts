import { expect, test } from "@jest/globals";
import type { ClaimedRun } from "@tickline/shared/domain/run/due-run";
import type { LocalWorkers, WorkerRoom } from "@tickline/shared/ports/runs/local-workers";
import type { Store } from "@tickline/shared/ports/store/store";
import { newJob, SECOND, START } from "@tickline/shared/testing/factories";
import { setup as setupScheduler, type SetupOptions } from "../scheduler-under-test.test-support.ts";
import { createTicker } from "./ticker.ts";

function setup(options: SetupOptions = {}) {
  const scheduler = setupScheduler(options);
  const reported: string[] = [];
  const listeners = {
    onFired: () => void reported.push("fired"),
    onPublishable: () => void reported.push("publishable"),
    onEnded: () => undefined,
  };
  return { ...scheduler, reported, ticker: createTicker(scheduler.context, listeners) };
}

function makeRoom(free: number): WorkerRoom {
  let left = free;
  return { take: () => left > 0 && ((left -= 1), true) };
}

function makeWorkers(count: number, { freeSoon = false } = {}) {
  const started: ClaimedRun[] = [];
  const workers = { free: count, listener: null as (() => void) | null };
  const localWorkers: LocalWorkers = {
    reserve: ({ definition: { handler } }) => handler !== "foreign" && workers.free > 0 && ((workers.free -= 1), true),
    free: () => workers.free,
    room: () => makeRoom(workers.free),
    unreserve: (given) => void (workers.free += given.length),
    freeSoon: ({ definition: { handler } }) => freeSoon && handler !== "foreign",
    onceFree: (_, listener) => void (workers.listener = listener),
    claimant: () => ({ executor: "here", token: `token-${started.length}`, leaseMs: 15_000 }),
    start: (claims) => void started.push(...claims),
  };
  return { workers, started, localWorkers };
}

test("a run that a worker is free for is claimed by its fire and started", async () => {
  const { started, localWorkers } = makeWorkers(1);
  const { addJob, listRuns, ticker, reported } = setup({ localWorkers });
  const job = await addJob();
  await ticker.readAhead();
  await ticker.tick();
  const [run] = await listRuns(job);
  expect(run?.state).toBe("running");
  expect(started.map(({ run: { runId } }) => runId)).toEqual([run?.runId]);
  expect(reported).toEqual([]);
});

test("what no worker is free for is fired all the same, when none will be soon", async () => {
  const { localWorkers } = makeWorkers(0);
  const { addJob, listRuns, ticker } = setup({ localWorkers });
  const job = await addJob();
  await ticker.readAhead();
  await ticker.tick();
  expect((await listRuns(job)).map(({ state }) => state)).toEqual(["due"]);
});

test("what a worker will soon be free for waits in the heap, but not for ever, and delays no other", async () => {
  const { workers, localWorkers } = makeWorkers(0, { freeSoon: true });
  const { clock, addJob, listRuns, ticker } = setup({ localWorkers });
  const job = await addJob();
  const foreign = await addJob({ id: "foreign", definition: { handler: "foreign" } });
  await ticker.readAhead();
  await ticker.tick();
  expect(await listRuns(job)).toEqual([]);
  expect(await listRuns(foreign)).toHaveLength(1);
  expect(workers.listener).not.toBeNull();
  clock.advance(30_000);
  await ticker.tick();
  expect(await listRuns(job)).toHaveLength(1);
});

test("what waits for a worker while the clock is set back fires at its time all the same", async () => {
  const { workers, localWorkers } = makeWorkers(0, { freeSoon: true });
  const { clock, addJob, listRuns, ticker } = setup({ localWorkers });
  const job = await addJob();
  await ticker.readAhead();
  await ticker.tick();
  clock.jumpTo(START - SECOND);
  workers.free = 1;
  await ticker.tick();
  expect(await listRuns(job)).toEqual([]);
  clock.jumpTo(START);
  await ticker.readAhead();
  await ticker.tick();
  expect(await listRuns(job)).toHaveLength(1);
});

test("jobs that wait for a worker are read no further ahead than memory allows", async () => {
  const { localWorkers } = makeWorkers(0, { freeSoon: true });
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
  const config = { heapJobsMax: 10, readJobsMax: 5, overdueMs: 60 * SECOND };
  const { clock, addJob, ticker } = setup({ localWorkers, store: counted, config });
  await Promise.all(Array.from({ length: 40 }, (_, index) => addJob({ id: `job-${index}`, nextRunAt: START + SECOND })));
  await ticker.readAhead();
  clock.advance(SECOND);
  await ticker.tick();
  reads = 0;
  await ticker.readAhead();
  expect(reads).toBe(0);
});

test("reservations that no claim used are given back, also when the fire failed", async () => {
  const { workers, localWorkers } = makeWorkers(3);
  const failing = (store: Store): Store => ({
    ...store,
    dueJobs: { ...store.dueJobs, fire: () => Promise.reject(new Error("the store is unavailable")) },
  });
  const { addJob, ticker } = setup({ localWorkers, store: failing });
  await addJob();
  await ticker.readAhead();
  await ticker.tick();
  expect(workers.free).toBe(3);
});

test("the next run names the last one that ended", async () => {
  const started: ClaimedRun[] = [];
  const localWorkers: LocalWorkers = {
    reserve: () => true,
    free: () => 1,
    room: () => makeRoom(1),
    unreserve: () => undefined,
    freeSoon: () => false,
    onceFree: () => undefined,
    claimant: () => ({ executor: "here", token: "t", leaseMs: 15_000 }),
    start: (claims) => void started.push(...claims),
  };
  const { addJob, ticker, clock } = setup({ localWorkers });
  const job = await addJob({ nextRunAt: START + SECOND });
  await ticker.readAhead();
  const lastRun = {
    runId: "01",
    state: "succeeded",
    scheduledFor: START,
    startedAt: START,
    finishedAt: START,
    attempt: 1,
    error: null,
  } as const;
  ticker.runEnded(job.uid, lastRun);
  ticker.runEnded(newJob({ id: "unknown" }).uid, lastRun);
  clock.advance(SECOND);
  await ticker.tick();
  expect(started.map(({ run }) => run.lastRun)).toEqual([lastRun]);
});

test("of the jobs that wait for a worker those of the first queue get it, however late they became due", async () => {
  const { workers, localWorkers } = makeWorkers(0, { freeSoon: true });
  const { clock, addJob, listRuns, ticker } = setup({ localWorkers });
  const low = await Promise.all(Array.from({ length: 5 }, (_, index) => addJob({ id: `low-${index}`, definition: { queue: "low" } })));
  const high = await addJob({ id: "high", nextRunAt: START + SECOND, definition: { queue: "high" } });
  await ticker.readAhead();
  await ticker.tick();
  clock.advance(SECOND);
  workers.free = 2;
  await ticker.tick();
  expect((await listRuns(high)).map(({ state }) => state)).toEqual(["running"]);
  expect((await Promise.all(low.map(listRuns))).map(({ length }) => length)).toEqual([1, 0, 0, 0, 0]);
});

test("of the jobs of one queue that are due together the most urgent get the workers that are free", async () => {
  const { localWorkers, started } = makeWorkers(2);
  const { addJob, listRuns, ticker } = setup({ localWorkers });
  const jobs = [];
  for (const priority of [0, 5, 9, 1, 8]) jobs.push(await addJob({ id: `of-${priority}`, definition: { priority } }));
  await ticker.readAhead();
  await ticker.tick();
  expect(started.map(({ run: { jobId } }) => jobId)).toEqual(["of-9", "of-8"]);
  const states = await Promise.all(jobs.map(async (job) => (await listRuns(job))[0]?.state));
  expect(states).toEqual(["due", "due", "running", "due", "running"]);
});

test("of the jobs of one queue that wait for a worker the most urgent get it, however late they came; none waits for ever", async () => {
  const { workers, localWorkers } = makeWorkers(0, { freeSoon: true });
  const { clock, addJob, listRuns, ticker } = setup({ localWorkers });
  const low = await Promise.all([0, 1].map((index) => addJob({ id: `low-${index}`, definition: { priority: 4 } })));
  const urgent = await addJob({ id: "urgent", nextRunAt: START + SECOND, definition: { priority: 6 } });
  await ticker.readAhead();
  await ticker.tick();
  clock.advance(SECOND);
  workers.free = 1;
  await ticker.tick();
  expect((await listRuns(urgent)).map(({ state }) => state)).toEqual(["running"]);
  expect((await Promise.all(low.map(listRuns))).flat()).toEqual([]);
  const next = await addJob({ id: "next", nextRunAt: START + 20 * SECOND, definition: { priority: 9 } });
  await ticker.readAhead();
  clock.advance(29 * SECOND);
  await ticker.tick();
  expect((await Promise.all([...low, next].map(listRuns))).map(({ length }) => length)).toEqual([1, 1, 0]);
});

test("a queue whose workers are all busy delays no other", async () => {
  const { workers, localWorkers } = makeWorkers(0, { freeSoon: true });
  const highIsFull: LocalWorkers = { ...localWorkers, room: () => ({ take: (queue) => queue !== "high" && workers.free > 0 }) };
  const { addJob, listRuns, ticker } = setup({ localWorkers: highIsFull });
  const high = await addJob({ id: "high", definition: { queue: "high" } });
  const low = await addJob({ id: "low", definition: { queue: "low" } });
  workers.free = 1;
  await ticker.readAhead();
  await ticker.tick();
  expect([await listRuns(high), (await listRuns(low)).map(({ state }) => state)]).toEqual([[], ["running"]]);
});
