import { describe, expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { RetryPolicySchema } from "@tickline/shared/domain/policy/retry-policy";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC, REPORTS_TOPIC } from "@tickline/shared/events/topics";
import { ending, wake } from "@tickline/shared/testing/contracts/store-steps";
import { SECOND, type JobOverrides } from "@tickline/shared/testing/factories";
import { setup as setupExecutor, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";
import { foreignExecutor } from "./reports.test-support.ts";

const TIMEOUT_MS = 60_000;
const retry = RetryPolicySchema.parse({ maxAttempts: 2, backoff: "fixed", delayMs: SECOND, jitter: "none" });
const definition = { queue: "python", handler: "whatever", timeoutMs: TIMEOUT_MS, retry };
const python = foreignExecutor("python-1");
const other = foreignExecutor("python-2");

/** An executor that takes in reports of the queue `python`, and a way to say something there. */
async function setup(options: SetupOptions = {}) {
  const world = await setupExecutor({ ...options, config: { externalQueues: ["python"], ...options.config } });
  await world.executor.start();
  return {
    ...world,
    dueOutside: (overrides: JobOverrides = {}) =>
      world.due(1, { ...overrides, definition: { ...definition, ...overrides.definition } }).then(([run]) => run!),
    /** Says it all at once, and waits until it is taken in. */
    async report(...events: readonly TicklineEvent[]): Promise<void> {
      await world.bus.publish(REPORTS_TOPIC, events);
      await turns(20);
    },
    said: () => world.events.map(({ type, data }) => [type, (data as { attempt?: number }).attempt]),
    outcomes: async () => {
      const found = await world.metrics.getSingleMetric("tickline_reports_total")?.get();
      return Object.fromEntries(
        (found?.values ?? []).filter(({ value }) => value > 0).map(({ labels, value }) => [labels["outcome"], value]),
      );
    },
  };
}

describe("the outcome of a run by its reports, in whatever order and however often", () => {
  type Story = (run: DueRun) => readonly (readonly TicklineEvent[])[];
  const succeeded = { state: "succeeded", attempt: 1 };
  const stories: readonly (readonly [name: string, story: Story, run: object, said: readonly unknown[]])[] = [
    ["started", (run) => [[python.started(run)]], { state: "running", attempt: 1 }, [["JobStarted", 1]]],
    [
      "started, then completed",
      (run) => [[python.started(run)], [python.completed(run)]],
      succeeded,
      [
        ["JobStarted", 1],
        ["JobCompleted", 1],
      ],
    ],
    [
      "both in one batch",
      (run) => [[python.started(run), python.completed(run)]],
      succeeded,
      [
        ["JobStarted", 1],
        ["JobCompleted", 1],
      ],
    ],
    ["completed alone", (run) => [[python.completed(run)]], succeeded, [["JobCompleted", 1]]],
    ["completed before started", (run) => [[python.completed(run)], [python.started(run)]], succeeded, [["JobCompleted", 1]]],
    [
      "the reverse in one batch",
      (run) => [[python.completed(run), python.started(run)]],
      succeeded,
      [
        ["JobStarted", 1],
        ["JobCompleted", 1],
      ],
    ],
    [
      "everything twice",
      (run) => [[python.started(run)], [python.started(run), python.completed(run)], [python.completed(run), python.completed(run)]],
      succeeded,
      [
        ["JobStarted", 1],
        ["JobStarted", 1],
        ["JobCompleted", 1],
      ],
    ],
    ["a heartbeat alone", (run) => [[python.heartbeat(run)]], { state: "running", attempt: 1 }, [["JobStarted", 1]]],
    ["a heartbeat after the end", (run) => [[python.completed(run)], [python.heartbeat(run)]], succeeded, [["JobCompleted", 1]]],
    ["the first end stands", (run) => [[python.completed(run)], [python.failed(run)]], succeeded, [["JobCompleted", 1]]],
    [
      "failed",
      (run) => [[python.started(run)], [python.failed(run)]],
      { state: "retrying", attempt: 1, error: { code: "oops", message: "it broke", retryable: true } },
      [
        ["JobStarted", 1],
        ["JobRetrying", 1],
      ],
    ],
    [
      "failed twice over",
      (run) => [[python.failed(run), python.failed(run)], [python.failed(run)]],
      { state: "retrying" },
      [["JobRetrying", 1]],
    ],
    ["failed for good", (run) => [[python.failed(run, { retryable: false })]], { state: "failed", attempt: 1 }, [["JobCompleted", 1]]],
    [
      "failed without a word",
      (run) => [[python.completed(run, { state: "failed" })]],
      { state: "retrying", error: { code: "executor_error", message: "the executor gave no error", retryable: true } },
      [["JobRetrying", 1]],
    ],
    ["cancelled", (run) => [[python.completed(run, { state: "cancelled" })]], { state: "cancelled" }, [["JobCompleted", 1]]],
    [
      "by two executors: the first has it",
      (run) => [[python.started(run)], [other.started(run)], [other.failed(run)]],
      { state: "running" },
      [["JobStarted", 1]],
    ],
    ["an attempt that never was", (run) => [[python.completed({ ...run, attempt: 2 })]], { state: "due", attempt: 1 }, []],
    ["by another tenant", (run) => [[python.completed({ ...run, tenantId: "theirs" })]], { state: "due" }, []],
    ["a state that is not its to say", (run) => [[python.completed(run, { state: "lost" })]], { state: "due" }, []],
    ["by a name without end", (run) => [[foreignExecutor("x".repeat(201)).completed(run)]], { state: "due" }, []],
  ];
  test.each(stories)("%s", async (_, story, expected, said) => {
    const world = await setup();
    const run = await world.dueOutside();
    for (const batch of story(run)) await world.report(...batch);
    expect(await world.state(run)).toMatchObject(expected);
    expect(world.said()).toEqual(said);
    await world.close();
  });
});

test("the history shows the executor by its name, and the times are ours", async () => {
  const { dueOutside, report, state, clock, close, events } = await setup();
  const run = await dueOutside();
  await report(python.started(run));
  const startedAt = clock.now();
  clock.advance(5_000);
  await report(python.completed(run, { output: { rows: 3 }, finishedAt: 99 }));
  expect(await state(run)).toMatchObject({
    output: { rows: 3 },
    attempts: [{ attempt: 1, state: "succeeded", executor: "python-1", startedAt, finishedAt: startedAt + 5_000 }],
  });
  expect(events).toMatchObject([
    { data: { executor: "python-1" } },
    { source: "tickline/executor", data: { startedAt, output: { rows: 3 } } },
  ]);
  await close();
});

test("a failure is retried, and later reports of the first attempt count for nothing", async () => {
  const { dueOutside, report, state, store, clock, said, outcomes, close } = await setup();
  const run = await dueOutside();
  await report(python.started(run), python.failed(run));
  clock.advance(SECOND);
  await wake(store, clock.now());
  const [again] = await store.claims.read([run.runId]);
  expect(again).toMatchObject({ attempt: 2, failures: 1 });
  await report(python.completed(run));
  expect(await state(run)).toMatchObject({ state: "due", attempt: 2 });
  await report(other.completed(again!));
  expect(await state(run)).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(said()).toEqual([
    ["JobStarted", 1],
    ["JobRetrying", 1],
    ["JobCompleted", 2],
  ]);
  expect(await outcomes()).toEqual({ taken: 2, stale_attempt: 1 });
  await close();
});

test("the last failure that the policy allows ends the run", async () => {
  const { dueOutside, report, state, store, clock, close } = await setup();
  const run = await dueOutside();
  await report(python.failed(run));
  clock.advance(SECOND);
  await wake(store, clock.now());
  await report(python.failed({ ...run, attempt: 2 }));
  expect(await state(run)).toMatchObject({ state: "failed", attempts: [{ state: "failed" }, { state: "failed" }] });
  await close();
});

describe("leases", () => {
  test("a lease lasts for the timeout of the job, and each heartbeat renews it", async () => {
    const { dueOutside, report, store, clock, close } = await setup();
    const run = await dueOutside();
    await report(python.started(run));
    const leaseAt = async () =>
      (await ending(store, Number.MAX_SAFE_INTEGER)).map(({ leaseMs, expiresAt }) => [leaseMs, expiresAt - clock.now()]);
    expect(await leaseAt()).toEqual([[TIMEOUT_MS, TIMEOUT_MS]]);
    clock.advance(20_000);
    await report(other.heartbeat(run));
    expect(await leaseAt()).toEqual([[TIMEOUT_MS, TIMEOUT_MS - 20_000]]);
    await report(python.heartbeat(run), python.started(run));
    expect(await leaseAt()).toEqual([[TIMEOUT_MS, TIMEOUT_MS]]);
    await close();
  });

  test("an executor that reports after its lease has ended is refused", async () => {
    const { dueOutside, report, state, store, clock, close } = await setup();
    const run = await dueOutside();
    await report(python.started(run));
    clock.advance(TIMEOUT_MS);
    const [lease] = await ending(store, clock.now());
    await store.leases.rescue({ rescues: [{ runId: run.runId, expiresAt: lease!.expiresAt, to: "due" }], now: clock.now() });
    await report(python.heartbeat(run), python.completed(run));
    expect(await state(run)).toMatchObject({ state: "due", attempt: 2 });
    await close();
  });

  test("a heartbeat causes the cancel request to be published again to its executor", async () => {
    const { dueOutside, report, state, store, bus, clock, close } = await setup();
    const hints: TicklineEvent[] = [];
    await bus.subscribe({ topics: [CONTROL_TOPIC], group: "test", from: "end", onBatch: (batch) => void hints.push(...batch) });
    const run = await dueOutside();
    await report(python.started(run));
    await store.control.cancel(run.tenantId, { runId: run.runId, now: clock.now() });
    await report(python.heartbeat(run));
    expect(hints).toMatchObject([{ type: "CancelRequested", tenantId: run.tenantId, data: { runId: run.runId } }]);
    await report(python.failed(run));
    expect(await state(run)).toMatchObject({ state: "cancelled" });
    await close();
  });
});

test("a run of an internal queue is refused", async () => {
  const { dueOutside, report, state, said, outcomes, logged, close } = await setup();
  const run = await dueOutside({ definition: { queue: "default" } });
  await report(python.started(run), python.completed(run));
  expect(await state(run)).toMatchObject({ state: "due" });
  expect(said()).toEqual([]);
  expect(await outcomes()).toEqual({ internal_queue: 1 });
  expect(logged).toEqual(["a report was refused"]);
  await close();
});

test("an exclusive job has one run in progress, whichever executor reports", async () => {
  const { due, report, states, said, close } = await setup();
  const runs = (await due(2, { definition: { ...definition, overlap: "skip" } })).toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
  await report(python.started(runs[0]!), python.completed(runs[1]!));
  expect(await states(runs)).toEqual(["running", "due"]);
  await report(python.completed(runs[0]!), python.completed(runs[1]!));
  expect(await states(runs)).toEqual(["succeeded", "due"]); // Claimed before the first had ended; it is published again.
  await report(python.completed(runs[1]!));
  expect(await states(runs)).toEqual(["succeeded", "succeeded"]);
  expect(said()).toEqual([
    ["JobStarted", 1],
    ["JobCompleted", 1],
    ["JobCompleted", 1],
  ]);
  await close();
});

test("an output that is too large fails the run, as it does for our own handlers", async () => {
  const { dueOutside, report, state, close } = await setup();
  const run = await dueOutside();
  await report(python.completed(run, { output: "x".repeat(70_000) }));
  expect(await state(run)).toMatchObject({ state: "failed", error: { code: "output_too_large" } });
  await close();
});

test("a report is received again when the store was unavailable", async () => {
  let away = 2;
  const { dueOutside, report, state, pass, close } = await setup({
    claims: (claims) => ({
      settle: (request) => ((away -= 1) >= 0 ? Promise.reject(storeUnavailable()) : claims.settle(request)),
    }),
  });
  const run = await dueOutside();
  await report(python.completed(run));
  await pass(1_000);
  expect(await state(run)).toMatchObject({ state: "succeeded" });
  await close();
});

test("reports of many runs are written by few writes", async () => {
  let claims = 0;
  const { due, report, states, close } = await setup({
    claims: (store) => ({
      claim: (request) => {
        claims += 1;
        return store.claim(request);
      },
    }),
  });
  const runs = await due(100, { definition });
  await report(...runs.flatMap((run) => [python.started(run), python.completed(run)]));
  expect(new Set(await states(runs))).toEqual(new Set(["succeeded"]));
  expect(claims).toBe(1);
  await close();
});

test("a queue is for our own executors or for others, not both", async () => {
  await expect(setup({ config: { queues: ["default", "python"] } })).rejects.toMatchObject({ code: "bad_config" });
});
