import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Fire } from "@tickline/shared/domain/fire/fire";
import type { Job } from "@tickline/shared/domain/job/job";
import type { JobDefinition } from "@tickline/shared/domain/job/job-definition";
import { addJob, claim, ending, LEASE_MS, publishable } from "@tickline/shared/testing/contracts/store-steps";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun, newFire } from "@tickline/shared/testing/factories-fire";
import { heldHandler, setup, turns, type SetupOptions, type World } from "../executor.test-support.ts";

const job = (definition: Partial<JobDefinition> = {}, id = "job"): Job => newJob({ id, definition: { handler: "work", ...definition } });
const JOB = job();
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

/** What a scheduler in the same process does: fires a job, and its run is claimed in the same write. */
async function started(options: SetupOptions = {}) {
  const held = heldHandler();
  const world = await setup({ run: held.run, ...options });
  await world.executor.start();
  const { localWorkers } = world.executor;
  let jobs = 0;
  async function fire(queue = "default"): Promise<Fire> {
    jobs += 1;
    return newFire(await addJob(world.store, { id: `fired-${jobs}`, definition: { handler: "work", params: {}, queue } }));
  }
  async function claimed(fires: readonly Fire[]): Promise<DueRun[]> {
    const claimant = localWorkers.claimant();
    const now = world.clock.now();
    const { leaseMs } = await world.store.dueJobs.fire({ fires, now, claimant, claimed: fires.map((_, index) => index) });
    const runs = fires.map(({ job }) => newDueRun(job));
    localWorkers.start(runs.map((run) => ({ run, token: claimant.token, leaseMs, startedAt: now })));
    return runs;
  }
  return { ...world, held, workers: localWorkers, fire, claimed };
}

test("a run that its fire claimed is run on a reserved worker, in a later turn", async () => {
  const { workers, held, fire, claimed, until, state, close } = await started({ config: { workersMax: 1 } });
  expect(workers.reserve(JOB)).toBe(true);
  expect({ free: workers.free("default"), second: workers.reserve(JOB) }).toEqual({ free: 0, second: false });
  const [run] = await claimed([await fire()]);
  expect(held.calls).toEqual([]);
  await until(() => held.calls.length === 1);
  held.finish(run!.runId, "done");
  await until(async () => (await state(run!)).state === "succeeded");
  expect(workers.free("default")).toBe(1);
  await close();
});

test("only workers that can run it are reserved", async () => {
  const { workers, close } = await started();
  expect(workers.reserve(job({ handler: "unknown" }))).toBe(false);
  expect(workers.reserve(job({ queue: "unknown" }))).toBe(false);
  expect(["high", "default", "low", "unknown"].map(workers.free)).toEqual([180, 180, 180, 0]);
  await close();
});

test("nothing is reserved before start or after stop", async () => {
  const { executor, close } = await setup();
  const { localWorkers } = executor;
  expect([localWorkers.reserve(JOB), localWorkers.free("default")]).toEqual([false, 0]);
  await executor.start();
  expect(localWorkers.reserve(JOB)).toBe(true);
  localWorkers.unreserve([JOB]);
  await executor.stop();
  expect([localWorkers.reserve(JOB), localWorkers.free("default")]).toEqual([false, 0]);
  await close();
});

test("while published runs wait, a quarter of the workers is kept for them", async () => {
  const unanswered = new Promise<never>(() => undefined);
  const { workers, due, publish, close } = await started({
    config: { workersMax: 8, claimRunsMax: 1, claimsInFlightMax: 1, queueWorkersPercent: 0 },
    claims: () => ({ claim: () => unanswered }),
  });
  await publish(await due(20));
  await turns();
  let reserved = 0;
  while (workers.reserve(JOB)) reserved += 1;
  expect(reserved).toBe(5); // One worker is busy with a claim, two are kept.
  workers.unreserve(times(reserved, JOB));
  await close();
});

test("while more urgent published runs wait, all free workers are theirs", async () => {
  const unanswered = new Promise<never>(() => undefined);
  const { workers, due, publish, close } = await started({
    config: { workersMax: 8, claimRunsMax: 1, claimsInFlightMax: 1, queueWorkersPercent: 0 },
    claims: () => ({ claim: () => unanswered }),
  });
  await publish((await due(20)).map((run) => ({ ...run, priority: 7 })));
  await turns();
  expect([5, 6].map((priority) => workers.reserve(job({ priority })))).toEqual([false, false]);
  expect([6, 7].map((priority) => workers.room().take("default", priority))).toEqual([false, true]);
  let reserved = 0;
  while (workers.reserve(job({ priority: 7 }))) reserved += 1;
  expect(reserved).toBe(5); // As of runs of equal priority: a quarter is kept.
  workers.unreserve(times(reserved, JOB));
  await close();
});

test("a listener is called once when a worker is free again", async () => {
  const { workers, fire, claimed, held, until, close } = await started({ config: { workersMax: 1 } });
  let notified = 0;
  workers.reserve(JOB);
  workers.onceFree(["default"], () => (notified += 1));
  await claimed([await fire()]);
  await until(() => held.calls.length === 1);
  expect(notified).toBe(0);
  held.finishAll();
  await until(() => notified === 1);
  workers.reserve(JOB);
  workers.unreserve([JOB]);
  await turns();
  expect(notified).toBe(1);
  workers.onceFree(["default"], () => (notified += 1));
  await until(() => notified === 2);
  await close();
});

test("a worker is worth waiting for while half of them got free within the last moment", async () => {
  const { workers, close, clock } = await started({ config: { workersMax: 12 } });
  for (let count = 0; count < 10; count += 1) workers.reserve(JOB);
  expect(workers.freeSoon(job({ handler: "unknown" }))).toBe(false);
  // A queue that has only just taken its last worker gets its chance.
  expect(workers.freeSoon(JOB)).toBe(true);
  clock.advance(101);
  expect(workers.freeSoon(JOB)).toBe(false);
  workers.unreserve(times(5, JOB));
  await turns();
  for (let count = 0; count < 5; count += 1) workers.reserve(JOB);
  expect(workers.freeSoon(JOB)).toBe(true);
  clock.advance(101);
  expect(workers.freeSoon(JOB)).toBe(false);
  workers.unreserve(times(10, JOB));
  await close();
});

test("the reserved workers of a queue are used by no other queue", async () => {
  const { workers, close } = await started({ config: { workersMax: 12 } });
  const high = job({ queue: "high" });
  let reserved = 0;
  while (workers.reserve(JOB)) reserved += 1;
  expect({ reserved, high: workers.free("high"), low: workers.free("low") }).toEqual({ reserved: 10, high: 1, low: 1 });
  let notified = 0;
  workers.onceFree(["default"], () => (notified += 1));
  await turns();
  expect({ notified, reserves: workers.reserve(high), more: workers.reserve(high) }).toEqual({ notified: 0, reserves: true, more: false });
  workers.unreserve([high]);
  await turns();
  expect(notified).toBe(0);
  workers.unreserve(times(10, JOB));
  await turns();
  expect(notified).toBe(1);
  await close();
});

test("what is taken from a plan stays free", async () => {
  const { workers, close } = await started({ config: { workersMax: 4 } });
  const room = workers.room();
  expect(["default", "default", "default", "default", "high", "high"].map(room.take)).toEqual([true, true, true, false, true, false]);
  expect(workers.free("default")).toBe(3);
  await close();
});

test("a job whose runs may overlap holds a share of the workers, or its own workersMax; no worker beyond that is waited for", async () => {
  const { workers, close } = await started({ config: { workersMax: 12 } });
  const many = (some: Job): number => {
    let reserved = 0;
    while (workers.reserve(some)) reserved += 1;
    return reserved;
  };
  const [shared, two, all] = [
    job({ overlap: "allow" }, "a"),
    job({ overlap: "allow", workersMax: 2 }, "b"),
    job({ overlap: "allow", workersMax: 50 }, "c"),
  ];
  expect([many(shared), many(two)]).toEqual([6, 2]);
  expect([workers.freeSoon(shared), workers.freeSoon(all)]).toEqual([false, true]);
  workers.unreserve(times(6, shared));
  expect(many(all)).toBe(8);
  workers.unreserve([...times(8, all), ...times(2, two)]);
  await close();
});

test("a stop waits for reservations, and releases what a fire claimed meanwhile", async () => {
  const { workers, executor, fire, claimed, held, state, close } = await started();
  workers.reserve(JOB);
  let stopped = false;
  const stop = executor.stop().then(() => (stopped = true));
  await turns();
  expect(stopped).toBe(false);
  const [run] = await claimed([await fire()]);
  await stop;
  expect(held.calls).toEqual([]);
  expect(await state(run!)).toMatchObject({ state: "due", attempt: 2 });
  await close();
});

test("a claim whose lease ended while its fire was in flight is released uncalled", async () => {
  const { workers, clock, store, fire, held, until, state, close } = await started();
  workers.reserve(JOB);
  const claimant = workers.claimant();
  const request = await fire();
  await store.dueJobs.fire({ fires: [request], now: clock.now(), claimant, claimed: [0] });
  clock.advance(12_000);
  const run = newDueRun(request.job);
  workers.start([{ run, token: claimant.token, leaseMs: 15_000, startedAt: clock.now() }]);
  await until(async () => (await state(run)).attempt === 2);
  expect(held.calls).toEqual([]);
  await close();
});

/** Runs that were rescued twice already. */
async function rescueTwice({ due, store, clock }: Pick<World, "due" | "store" | "clock">, count: number): Promise<readonly DueRun[]> {
  let runs: readonly DueRun[] = await due(count);
  for (const token of ["first", "second"]) {
    await claim(store, runs, { executor: "ended", token, now: clock.now() });
    const leases = await ending(store, clock.now() + LEASE_MS);
    await store.leases.rescue({ rescues: leases.map(({ runId, expiresAt }) => ({ runId, expiresAt, to: "due" })), now: clock.now() });
    runs = await publishable(store);
  }
  return runs;
}

test("runs rescued twice are claimed alone, one at a time, beside others", async () => {
  const batches: number[] = [];
  const world = await started({
    claims: (claims) => ({
      claim(request) {
        batches.push(request.runs.length);
        return claims.claim(request);
      },
    }),
  });
  const { due, publish, held, until, states, close } = world;
  const rescued = await rescueTwice(world, 3);
  batches.length = 0;
  const plain = await due(5);
  await publish([...rescued, ...plain]);
  await until(() => held.calls.length === 6);
  await turns(20);
  expect(batches).toEqual([1, 5]);
  expect((await states(rescued)).toSorted()).toEqual(["due", "due", "running"]);
  for (let ended = 0; ended < 3; ended += 1) {
    held.finishAll();
    await turns(20);
  }
  expect(await states(rescued)).toEqual(["succeeded", "succeeded", "succeeded"]);
  await close();
});

test("a quarantined run that another executor has does not delay the next", async () => {
  const world = await started();
  const { publish, held, until, store, clock, close } = world;
  const rescued = await rescueTwice(world, 2);
  await store.claims.claim({
    runs: [rescued[0]!],
    claimant: { executor: "other", token: "t", leaseMs: 1_000 },
    now: clock.now(),
    firedAfter: 0,
  });
  await publish(rescued);
  await until(() => held.calls.length === 1);
  expect(held.calls[0]!.runId).toBe(rescued[1]!.runId);
  held.finishAll();
  await close();
});
