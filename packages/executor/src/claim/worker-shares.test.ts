import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { SECOND } from "@tickline/shared/testing/factories";
import { heldHandler, setup, turns, type SetupOptions, type World } from "../executor.test-support.ts";

/** An executor whose handlers hang until the test lets them end, and what it claims. */
async function hanging(config: SetupOptions["config"] = {}) {
  const held = heldHandler();
  const claimed: string[] = [];
  const world = await setup({
    run: held.run,
    config,
    claims: (claims) => ({
      claim(request) {
        claimed.push(...request.runs.map(({ runId }) => runId));
        return claims.claim(request);
      },
    }),
  });
  await world.executor.start();
  const started = (runs: readonly DueRun[]): number => {
    const ids = new Set(runs.map(({ runId }) => runId));
    return held.calls.filter(({ runId }) => ids.has(runId)).length;
  };
  async function close(): Promise<void> {
    held.finishAll();
    await turns(20);
    held.finishAll();
    await world.close();
  }
  return { ...world, held, claimed, started, close };
}

/** One due run each of so many jobs of a queue. */
async function dueOfJobs({ due }: Pick<World, "due">, count: number, queue: string): Promise<DueRun[]> {
  const runs: DueRun[] = [];
  for (let index = 0; index < count; index += 1) runs.push(...(await due(1, { definition: { queue, handler: "work", overlap: "skip" } })));
  return runs;
}

test.each([
  ["default", "high"],
  ["default", "low"],
  ["high", "low"],
  ["low", "high"],
])("250 jobs of %s whose handlers hang leave %s its workers", async (hung, other) => {
  const world = await hanging();
  const { publish, until, started, close } = world;
  const stuck = await dueOfJobs(world, 250, hung);
  await publish(stuck);
  await until(() => started(stuck) === 180);
  const others = await dueOfJobs(world, 15, other);
  await publish(others);
  await until(() => started(others) === 10);
  await turns(20);
  expect({ stuck: started(stuck), others: started(others) }).toEqual({ stuck: 180, others: 10 });
  await close();
});

test("messages of a queue without a free worker stay on its topic, and those of other queues are received", async () => {
  const world = await hanging({ workersMax: 2 });
  const { publish, until, started, bus, close } = world;
  const [stuck, next] = await dueOfJobs(world, 2, "default");
  await publish([stuck!]);
  await until(() => started([stuck!]) === 1);
  await turns();
  await publish([next!]);
  const [high] = await dueOfJobs(world, 1, "high");
  await publish([high!]);
  await until(() => started([high!]) === 1);
  expect({ next: started([next!]), waiting: bus.waiting }).toEqual({ next: 0, waiting: 1 });
  await close();
});

test("with one worker every queue may use it", async () => {
  const world = await hanging({ workersMax: 1 });
  const { publish, until, started, held, close } = world;
  for (const queue of ["low", "default", "high"]) {
    const [run] = await dueOfJobs(world, 1, queue);
    await publish([run!]);
    await until(() => started([run!]) === 1);
    held.finish(run!.runId);
  }
  await close();
});

test("a job whose runs may overlap holds half of the workers; its next runs wait, in order, and delay no other job", async () => {
  const { due, publish, until, started, held, states, claimed, close } = await hanging({ workersMax: 12 });
  const hung = await due(10);
  const other = await due(3);
  await publish([...hung, ...other]);
  await until(() => started(other) === 3);
  await turns(20);
  expect(started(hung)).toBe(6);
  expect((await states(hung)).slice(6)).toEqual(["due", "due", "due", "due"]);
  expect(claimed).toHaveLength(9);
  for (const next of [6, 7]) {
    held.finish(hung[next - 6]!.runId);
    await until(() => started(hung) === next + 1);
    expect(held.calls.at(-1)?.runId).toBe(hung[next]!.runId);
  }
  expect(claimed).toHaveLength(11);
  await close();
});

test("as many runs of a full job wait as may run; the others are deferred, for a wait that doubles while the job hangs", async () => {
  const { due, publish, until, started, state, pass, clock, claimed, held, close } = await hanging({ workersMax: 12 });
  const runs = await due(15);
  await publish(runs);
  await until(() => started(runs) === 6);
  const beyond = runs.slice(12);
  const waits = (): Promise<(number | null)[]> => Promise.all(beyond.map(async (run) => ((await state(run)).wakeAt ?? 0) - clock.now()));
  await until(async () => (await waits()).every((wait) => wait === SECOND));
  for (const waited of [1, 2, 4]) {
    await pass(waited * SECOND);
    await publish(beyond);
    await until(async () => (await waits()).every((wait) => wait === 2 * waited * SECOND));
  }
  expect(claimed).toHaveLength(6);
  held.finish(runs[0]!.runId); // The job works: the next wait is short again.
  await until(() => started(runs) === 7);
  await pass(8 * SECOND);
  await publish(runs.slice(13));
  await until(async () => (await waits())[2] === SECOND);
  await close();
});

test("the workersMax of a job limits the workers of its runs", async () => {
  const { due, publish, until, started, close } = await hanging({ workersMax: 12 });
  const [few, many] = [await due(4, { definition: { workersMax: 2 } }), await due(8, { definition: { workersMax: 1_000 } })];
  await publish(few);
  await publish(many);
  await until(() => started(many) === 8);
  expect(started(few)).toBe(2);
  await close();
});

test("a forged message about a run of a full job defers nothing", async () => {
  const { due, publish, until, started, state, close } = await hanging({ workersMax: 2 });
  const runs = await due(2);
  await publish(runs);
  await until(() => started(runs) === 1);
  await publish([{ ...runs[1]!, params: { forged: true } }]);
  await turns(20);
  expect(await state(runs[1]!)).toMatchObject({ state: "due", reason: null, wakeAt: null });
  await close();
});
