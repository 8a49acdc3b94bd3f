import { afterEach, expect, jest, test } from "@jest/globals";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunView } from "./driver/views.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { restartProduct, type Death, type RestartedProduct } from "./product/restarted-product.ts";
import { eventually, runProduct } from "./product/running-product.ts";

jest.setTimeout(300_000);

const endings = createEndings();
afterEach(endings.run);

/** As the scheduler and the executor have them by default. */
const [RESCUES_MAX, QUARANTINE_RESCUES_MIN] = [5, 2];
/** For a run, with all the starts of the product that it needs, on a busy machine. */
const DONE_MS_MAX = 240_000;

/** Handlers that end their process in every way there is from inside, and one that only wants to finish its work. */
const HANDLERS = `import { defineHandler } from "tickline";
import { z } from "zod";
import { setTimeout as sleep } from "node:timers/promises";

const later = (act) => void setTimeout(act, 300);
const handler = (type, act) =>
  defineHandler({
    type,
    params: z.object({}),
    async run(context) {
      act?.(context);
      await sleep(type === "innocent" ? 4_000 : 60_000, undefined, { signal: context.signal });
      return "done";
    },
  });
export default [
  handler("innocent"),
  handler("throws", () => later(() => { throw new Error("nobody catches this"); })),
  handler("throws-nothing", () => later(() => { throw undefined; })),
  handler("rejects", () => later(() => void Promise.reject(new Error("nobody awaits this")))),
  handler("exits", () => later(() => process.exit(0))),
  handler("stops-itself", () => later(() => process.kill(process.pid, "SIGTERM"))),
  handler("listener", ({ signal }) => signal.addEventListener("abort", () => { throw new Error("a listener threw this"); })),
  handler("throws-in-drain", ({ signal }) => {
    const timer = setInterval(() => {
      if (globalThis.draining) throw new Error("thrown while it drains");
    }, 20);
    process.once("SIGTERM", () => { globalThis.draining = true; });
    signal.addEventListener("abort", () => clearInterval(timer));
  }),
];
`;

function setup(env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder(endings);
  const handlers = join(folder, "handlers");
  mkdirSync(handlers);
  writeFileSync(join(handlers, "handlers.mjs"), HANDLERS);
  return { dataDir: join(folder, "data"), args: ["--handlers", handlers], env };
}

interface Caller {
  call<Body>(method: "PUT" | "POST", path: string, body?: unknown): Promise<Body>;
}

/** A job of the handler of that name, and one run of it. */
async function trigger(product: Caller, id: string, { handler = id, ...more }: Record<string, unknown> = {}): Promise<void> {
  const job = { name: id, schedule: { at: new Date(Date.now() + 86_400_000).toISOString() }, handler, ...more };
  await product.call("PUT", `/jobs/${id}`, job);
  await product.call("POST", `/jobs/${id}/trigger`);
}

const ended = (product: RestartedProduct, jobId: string): Promise<RunView> =>
  eventually(
    async () => (await product.listRuns(jobId)).find(({ state }) => state === "succeeded" || state === "failed") ?? null,
    DONE_MS_MAX,
  );

const attemptStates = ({ attempts }: RunView): string[] => attempts.map(({ state }) => state);

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly thrownIn?: { readonly handler: string; readonly runId: string };
  readonly attempts?: readonly { readonly handler: string; readonly runId: string; readonly jobId: string; readonly attempt: number }[];
  readonly runs?: readonly { readonly handler: string; readonly runId: string }[];
}

const parseLines = ({ stderr }: Pick<Death, "stderr">): readonly Line[] =>
  stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);

test.each([
  ["throws", "thrown that was not caught"],
  ["throws-nothing", "thrown that was not caught"],
  ["rejects", "rejected that was not awaited"],
  ["exits", "something called process.exit(0)"],
  ["stops-itself", "something sent this process a signal"],
])("a run that ends its process (%s) is failed in the end; its neighbours are done, and nothing is given back", async (bad, said) => {
  const product = restartProduct(endings, setup({ DRAIN_MS: "500" }));
  const neighbours = ["one", "two", "three"];
  const first = await product.current();
  for (const id of neighbours) await trigger(first, id, { handler: "innocent" });
  await trigger(first, bad);
  const run = await ended(product, bad);
  expect(run).toMatchObject({ state: "failed", attempt: RESCUES_MAX + 1, error: { code: "rescued_too_often" } });
  expect(attemptStates(run)).toEqual(Array.from({ length: RESCUES_MAX + 1 }, () => "lost"));
  for (const id of neighbours) {
    const neighbour = await ended(product, id);
    expect(neighbour).toMatchObject({ state: "succeeded", output: "done" });
    // They run beside the culprit until all of them are quarantined, and then each runs alone.
    expect(attemptStates(neighbour).filter((state) => state !== "succeeded")).toEqual(
      Array.from({ length: neighbour.attempt - 1 }, () => "lost"),
    );
    expect(neighbour.attempt).toBeLessThanOrEqual(QUARANTINE_RESCUES_MIN + 1);
  }
  expect(product.deaths.map(({ code }) => code)).toEqual(Array.from({ length: RESCUES_MAX + 1 }, () => 1));
  for (const [index, death] of product.deaths.entries()) {
    const end = parseLines(death).find(({ msg }) => msg.includes(said));
    expect(end).toMatchObject({ level: 50, thrownIn: { handler: bad, runId: run.id } });
    expect(end?.attempts).toContainEqual({ handler: bad, jobId: bad, runId: run.id, attempt: index + 1 });
    // The next start says it too: of a process that was killed there is no other trace. The last one may say it after its api has shown it.
    const next = async () => product.deaths[index + 1] ?? { stderr: (await product.current()).stderr() };
    const isNamed = ({ handler, runId }: { handler: string; runId: string }): boolean => handler === bad && runId === run.id;
    await eventually(async () => (parseLines(await next()).some(({ runs = [] }) => runs.some(isNamed)) ? true : null));
  }
  expect(await product.end()).toMatchObject({ code: 0 });
});

test("a listener that throws when its run is asked to end for taking too long ends the process, and counts", async () => {
  const product = restartProduct(endings, setup());
  await trigger(await product.current(), "listener", { timeoutMs: 1_000 });
  const run = await ended(product, "listener");
  expect(run).toMatchObject({ state: "failed", attempt: RESCUES_MAX + 1, error: { code: "rescued_too_often" } });
  expect(product.deaths).toHaveLength(RESCUES_MAX + 1);
  expect(parseLines(product.deaths[0]!)).toContainEqual(
    expect.objectContaining({ thrownIn: expect.objectContaining({ handler: "listener" }) }),
  );
  expect(await product.end()).toMatchObject({ code: 0 });
});

test.each([
  // Handlers that obey have given their runs back before what the listener threw is noticed.
  ["listener", "when it is asked to end", "released"],
  ["throws-in-drain", "while others are waited for", "lost"],
])("SIGTERM with a handler that throws (%s, %s) ends with 1, and all runs are taken up at the next start", async (bad, _, before) => {
  const options = setup({ DRAIN_MS: "1500" });
  const product = await runProduct(endings, options);
  await trigger(product, bad);
  await trigger(product, "innocent");
  for (const id of [bad, "innocent"]) await eventually(async () => ((await product.listRuns(id))[0]?.state === "running" ? true : null));
  expect(await product.end()).toBe(1);
  const line = await eventually(() => parseLines({ stderr: product.stderr() }).find(({ thrownIn }) => thrownIn?.handler === bad) ?? null);
  expect(line.level).toBe(50);
  const next = await runProduct(endings, options);
  const neighbour = await eventually(
    async () => (await next.listRuns("innocent")).find(({ state }) => state === "succeeded") ?? null,
    60_000,
  );
  expect(attemptStates(neighbour)).toEqual([before, "succeeded"]);
  expect(attemptStates((await next.listRuns(bad))[0]!)).toEqual([before, "running"]);
});

test("a process killed by a fatal signal of its own, as a native module's would be, is found out at the next start", async () => {
  const options = setup();
  const product = await runProduct(endings, options);
  await trigger(product, "innocent");
  await eventually(async () => ((await product.listRuns("innocent"))[0]?.state === "running" ? true : null));
  product.signal("SIGABRT");
  expect(await product.exited).toEqual({ code: null, signal: "SIGABRT" });
  const next = await runProduct(endings, options);
  const run = await eventually(async () => (await next.listRuns("innocent")).find(({ state }) => state === "succeeded") ?? null, 60_000);
  expect(attemptStates(run)).toEqual(["lost", "succeeded"]);
});
