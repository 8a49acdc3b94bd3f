import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { eventually, runProduct, type RunningProduct } from "./product/running-product.ts";
import { startRecorderProcess, type RecorderProcess } from "./recorder/recorder-process.ts";
import { targetUrl } from "./recorder/target-behaviour.ts";
import type { RunView } from "./driver/views.ts";

jest.setTimeout(60_000);

const endings = createEndings();
afterEach(endings.run);

interface World {
  readonly product: RunningProduct;
  readonly recorder: RecorderProcess;
  /** Makes a job whose target takes `slowMs` to answer. */
  put(id: string, job: { slowMs: number; overlap: string; schedule?: unknown }): Promise<void>;
  /** Triggers the job, and waits until its run runs, has ended, or, unless it `startsAlways`, waits for another. */
  trigger(id: string, at?: { readonly startsAlways: boolean }): Promise<string>;
  /** Oldest first. */
  runs(id: string): Promise<RunView[]>;
  restart(): Promise<World>;
}

async function setup(folder = temporaryFolder(endings), known?: RecorderProcess): Promise<World> {
  const recorder = known ?? (await startRecorderProcess(join(folder, "effects.jsonl")));
  if (known === undefined) endings.add(recorder.close);
  const product = await runProduct(endings, { dataDir: join(folder, "data") });
  return {
    product,
    recorder,
    async put(id, { slowMs, overlap, schedule = "every 30d" }) {
      const params = { url: targetUrl(recorder.url, { mark: id, slowMs }), method: "POST" };
      const retry = { maxAttempts: 1 };
      await product.call("PUT", `/jobs/${id}`, { name: id, schedule, handler: "http", params, overlap, retry });
    },
    async trigger(id, at = { startsAlways: false }) {
      const run = await product.call<RunView>("POST", `/jobs/${id}/trigger`);
      await eventually(async () => {
        const { state, reason } = await product.call<RunView>("GET", `/runs/${run.id}`);
        return state !== "due" || (reason === "overlap" && !at.startsAlways) ? true : null;
      });
      return run.id;
    },
    runs: async (id) => (await product.listRuns(id)).toReversed(),
    async restart() {
      await product.kill();
      return setup(folder, recorder);
    },
  };
}

const ended = (runs: readonly RunView[]): boolean =>
  runs.every(({ state }) => ["succeeded", "skipped", "cancelled", "failed"].includes(state));

const atRest = (world: World, id: string, count: number): Promise<RunView[]> =>
  eventually(async () => {
    const runs = await world.runs(id);
    return runs.length >= count && ended(runs) ? runs : null;
  }, 40_000);

/** No two calls of one job overlap. */
function expectOneAtATime(world: World, mark: string): void {
  const calls = world.recorder.effects().filter((effect) => effect.mark === mark);
  for (const [index, call] of calls.entries()) {
    const before = calls[index - 1];
    if (before !== undefined) expect(call.startedAt).toBeGreaterThanOrEqual((before.endedAt ?? Infinity) - 20);
  }
}

describe("what becomes of runs that come while another is in progress", () => {
  const outcomes: readonly [string, readonly string[]][] = [
    ["skip", ["succeeded", "skipped: overlap", "skipped: overlap"]],
    ["buffer_one", ["succeeded", "succeeded", "skipped: overlap"]],
    ["buffer_all", ["succeeded", "succeeded", "succeeded"]],
    ["cancel_running", ["cancelled", "cancelled", "succeeded"]],
    ["allow", ["succeeded", "succeeded", "succeeded"]],
  ];
  test.each(outcomes)("%s, by trigger now", async (overlap, expected) => {
    const world = await setup();
    await world.put("slow", { slowMs: 1_500, overlap });
    await world.trigger("slow");
    await eventually(() => (world.recorder.effects().length === 1 ? true : null));
    const startsAlways = overlap === "cancel_running";
    await world.trigger("slow", { startsAlways });
    await world.trigger("slow", { startsAlways });
    const runs = await atRest(world, "slow", 3);
    expect(runs.map(({ state, reason }) => (state === "skipped" ? `${state}: ${reason}` : state))).toEqual(expected);
    if (overlap !== "allow" && overlap !== "cancel_running") expectOneAtATime(world, "slow");
  });

  test("a run that was asked for again by POST /runs/:id/retry obeys the policy too", async () => {
    const world = await setup();
    await world.put("slow", { slowMs: 1_000, overlap: "skip" });
    const first = await world.trigger("slow");
    await atRest(world, "slow", 1);
    await world.trigger("slow");
    await eventually(() => (world.recorder.effects().length === 2 ? true : null));
    await world.product.call("POST", `/runs/${first}/retry`);
    const runs = await atRest(world, "slow", 3);
    expect(runs.map(({ cause, state }) => [cause, state])).toEqual([
      ["manual", "succeeded"],
      ["manual", "succeeded"],
      ["retry", "skipped"],
    ]);
  });
});

test("what waits survives kill -9, and runs one after the other in its order", async () => {
  const world = await setup();
  await world.put("slow", { slowMs: 300, overlap: "buffer_all" });
  const ids: string[] = [];
  for (let index = 0; index < 5; index += 1) ids.push(await world.trigger("slow"));
  await eventually(() => (world.recorder.effects().length >= 2 ? true : null));
  const next = await world.restart();
  const runs = await atRest(next, "slow", 5);
  expect(runs.map(({ id, state }) => [id, state])).toEqual(ids.map((id) => [id, "succeeded"]));
  expectOneAtATime(next, "slow");
  const firstCalls = new Map(next.recorder.effects().map(({ runId, startedAt }) => [runId, startedAt]));
  expect([...firstCalls.keys()]).toEqual(ids);
});

test("after six seconds of downtime a job of every second runs all that it owes, one after the other", async () => {
  const folder = temporaryFolder(endings);
  const world = await setup(folder);
  await world.put("often", { slowMs: 100, overlap: "skip", schedule: "every 1s" });
  await eventually(async () => ((await world.runs("often")).length >= 2 ? true : null));
  await world.product.kill();
  const downAt = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 6_000)); // The downtime itself, not a synchronisation.
  const next = await setup(folder, world.recorder);
  const upAt = Date.now();
  await eventually(async () =>
    (await next.runs("often")).some(({ scheduledFor }) => Date.parse(scheduledFor) > upAt + 2_000) ? true : null,
  );
  const late = (await next.runs("often")).filter(
    ({ scheduledFor }) => Date.parse(scheduledFor) > downAt && Date.parse(scheduledFor) < upAt - 1_000,
  );
  expect(late.length).toBeGreaterThanOrEqual(4);
  expect(late.map(({ state }) => state)).toEqual(late.map(() => "succeeded"));
  expectOneAtATime(next, "often");
});

const handlerFile = (type: string, run: string): string =>
  `import { defineHandler } from "tickline";
   import { z } from "zod";
   export default defineHandler({ type: "${type}", params: z.object({}), run: ${run} });`;

/** Two folders of handlers, as two releases of a user's executors have them. */
function releases(folder: string): { readonly before: string; readonly after: string } {
  const [before, after] = [join(folder, "before"), join(folder, "after")];
  for (const release of [before, after]) mkdirSync(release);
  writeFileSync(join(before, "old.ts"), handlerFile("old", '() => Promise.reject(new Error("the target is down"))'));
  writeFileSync(join(after, "new.ts"), handlerFile("new", "() => null"));
  return { before, after };
}

test("a job goes on after its handler was replaced, whatever still waits for the former one", async () => {
  const folder = temporaryFolder(endings);
  const { before, after } = releases(folder);
  const dataDir = join(folder, "data");
  const old = await runProduct(endings, { dataDir, args: ["--handlers", before] });
  const job = { name: "job", schedule: "every 1s", retry: { delayMs: 1_000, maxAttempts: 50, jitter: "none" } };
  await old.call("PUT", "/jobs/job", { ...job, handler: "old" });
  await eventually(async () => ((await old.listRuns("job")).some(({ state }) => state === "retrying") ? true : null));
  expect(await old.end()).toBe(0);
  const product = await runProduct(endings, { dataDir, args: ["--handlers", after] });
  await product.call("PUT", "/jobs/job", { ...job, handler: "new" });
  await eventually(async () => ((await product.listRuns("job", "&state=succeeded")).length >= 3 ? true : null));
  const runs = await product.listRuns("job");
  const former = runs.filter(({ jobVersion }) => jobVersion === 1);
  expect(former.length).toBeGreaterThan(0);
  expect(former.map(({ state, reason }) => [state, reason])).toEqual(former.map(() => ["cancelled", "job_edited"]));
  expect(runs.filter(({ reason }) => reason === "overlap")).toEqual([]);
});
