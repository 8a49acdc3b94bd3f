import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Fire } from "@tickline/shared/domain/fire";
import { addJob, claim, ending, LEASE_MS, publishable } from "@tickline/shared/testing/contracts/store-steps";
import { dueRunOf, scheduledFireOf } from "@tickline/shared/testing/factories-fire";
import { heldHandler, setup, turns, type SetupOptions, type World } from "./executor.test-support.ts";

/** What a scheduler in the same process does: fires a job, and its run is claimed in the same write. */
async function started(options: SetupOptions = {}) {
  const held = heldHandler();
  const world = await setup({ run: held.run, ...options });
  await world.executor.start();
  const { localWorkers } = world.executor;
  let jobs = 0;
  async function fire(queue = "default"): Promise<Fire> {
    jobs += 1;
    return scheduledFireOf(await addJob(world.store, { id: `fired-${jobs}`, definition: { handler: "work", params: {}, queue } }));
  }
  async function claimed(fires: readonly Fire[]): Promise<DueRun[]> {
    const claimant = localWorkers.claimant();
    const now = world.clock.now();
    const { leaseMs } = await world.store.dueJobs.fire({ fires, now, claimant, claimed: fires.map((_, index) => index) });
    const runs = fires.map(({ job }) => dueRunOf(job));
    localWorkers.start(runs.map((run) => ({ run, token: claimant.token, leaseMs, startedAt: now })));
    return runs;
  }
  return { ...world, held, workers: localWorkers, fire, claimed };
}

test("a run that its fire claimed is run on a reserved worker, in a later turn", async () => {
  const { workers, held, fire, claimed, until, state, close } = await started({ config: { workersMax: 1 } });
  expect(workers.reserve("default", "work")).toBe(true);
  expect({ free: workers.free(), second: workers.reserve("default", "work") }).toEqual({ free: 0, second: false });
  const [run] = await claimed([await fire()]);
  expect(held.calls).toEqual([]);
  await until(() => held.calls.length === 1);
  held.finish(run!.runId, "done");
  await until(async () => (await state(run!)).state === "succeeded");
  expect(workers.free()).toBe(1);
  await close();
});

test("only workers that can run it are reserved", async () => {
  const { workers, close } = await started();
  expect(workers.reserve("default", "unknown")).toBe(false);
  expect(workers.reserve("unknown", "work")).toBe(false);
  expect(workers.free()).toBe(200);
  await close();
});

test("nothing is reserved before start or after stop", async () => {
  const { executor, close } = await setup();
  const { localWorkers } = executor;
  expect([localWorkers.reserve("default", "work"), localWorkers.free()]).toEqual([false, 0]);
  await executor.start();
  expect(localWorkers.reserve("default", "work")).toBe(true);
  localWorkers.unreserve(1);
  await executor.stop();
  expect([localWorkers.reserve("default", "work"), localWorkers.free()]).toEqual([false, 0]);
  await close();
});

test("while published runs wait, a quarter of the workers is left to them", async () => {
  const unanswered = new Promise<never>(() => undefined);
  const { workers, due, publish, close } = await started({
    config: { workersMax: 8, claimRunsMax: 1, claimsInFlightMax: 1 },
    claims: () => ({ claim: () => unanswered }),
  });
  await publish(await due(20));
  await turns();
  let reserved = 0;
  while (workers.reserve("default", "work")) reserved += 1;
  expect(reserved).toBe(5); // One worker is busy with a claim, two are kept.
  workers.unreserve(reserved);
  await close();
});

test("a listener is told once when some worker is free again", async () => {
  const { workers, fire, claimed, held, until, close } = await started({ config: { workersMax: 1 } });
  let told = 0;
  workers.reserve("default", "work");
  workers.onceFree(() => (told += 1));
  await claimed([await fire()]);
  await until(() => held.calls.length === 1);
  expect(told).toBe(0);
  held.finishAll();
  await until(() => told === 1);
  workers.reserve("default", "work");
  workers.unreserve(1);
  await turns();
  expect(told).toBe(1);
  workers.onceFree(() => (told += 1));
  await until(() => told === 2);
  await close();
});

test("a worker is worth waiting for while half of them got free within the last moment", async () => {
  const { workers, close, clock } = await started({ config: { workersMax: 10 } });
  for (let count = 0; count < 10; count += 1) workers.reserve("default", "work");
  expect(workers.freeSoon("default", "unknown")).toBe(false);
  // A pool that has only just filled up gets its chance.
  expect(workers.freeSoon("default", "work")).toBe(true);
  clock.advance(101);
  expect(workers.freeSoon("default", "work")).toBe(false);
  workers.unreserve(5);
  await turns();
  for (let count = 0; count < 5; count += 1) workers.reserve("default", "work");
  expect(workers.freeSoon("default", "work")).toBe(true);
  clock.advance(101);
  expect(workers.freeSoon("default", "work")).toBe(false);
  workers.unreserve(10);
  await close();
});

test("a stop waits for reservations, and gives back what a fire claimed meanwhile", async () => {
  const { workers, executor, fire, claimed, held, state, close } = await started();
  workers.reserve("default", "work");
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

test("a claim whose lease ended while its fire was on its way is given back uncalled", async () => {
  const { workers, clock, store, fire, held, until, state, close } = await started();
  workers.reserve("default", "work");
  const claimant = workers.claimant();
  const request = await fire();
  await store.dueJobs.fire({ fires: [request], now: clock.now(), claimant, claimed: [0] });
  clock.advance(12_000);
  const run = dueRunOf(request.job);
  workers.start([{ run, token: claimant.token, leaseMs: 15_000, startedAt: clock.now() }]);
  await until(async () => (await state(run)).attempt === 2);
  expect(held.calls).toEqual([]);
  await close();
});

/** Runs that were rescued twice already. */
async function suspects({ due, store, clock }: Pick<World, "due" | "store" | "clock">, count: number): Promise<readonly DueRun[]> {
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
  const suspected = await suspects(world, 3);
  batches.length = 0;
  const plain = await due(5);
  await publish([...suspected, ...plain]);
  await until(() => held.calls.length === 6);
  await turns(20);
  expect(batches).toEqual([1, 5]);
  expect((await states(suspected)).toSorted()).toEqual(["due", "due", "running"]);
  for (let ended = 0; ended < 3; ended += 1) {
    held.finishAll();
    await turns(20);
  }
  expect(await states(suspected)).toEqual(["succeeded", "succeeded", "succeeded"]);
  await close();
});

test("a suspect that another executor has does not hold up the next", async () => {
  const world = await started();
  const { publish, held, until, store, clock, close } = world;
  const suspected = await suspects(world, 2);
  await store.claims.claim({
    runs: [suspected[0]!],
    claimant: { executor: "other", token: "t", leaseMs: 1_000 },
    now: clock.now(),
    firedAfter: 0,
  });
  await publish(suspected);
  await until(() => held.calls.length === 1);
  expect(held.calls[0]!.runId).toBe(suspected[1]!.runId);
  held.finishAll();
  await close();
});
