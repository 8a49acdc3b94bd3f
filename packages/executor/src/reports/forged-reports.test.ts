import { describe, expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { RUN_STATES } from "@tickline/shared/domain/run/run-state";
import { handlersChanged } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobDue } from "@tickline/shared/events/job-due";
import { ending, start, wake } from "@tickline/shared/testing/contracts/store-steps";
import { SECOND } from "@tickline/shared/testing/factories";
import { foreignExecutor, reportsWorld, TIMEOUT_MS } from "./reports.test-support.ts";

const python = foreignExecutor("python-1");
const other = foreignExecutor("python-2");

type World = Awaited<ReturnType<typeof reportsWorld>>;
type Story = (run: DueRun, world: World) => readonly TicklineEvent[] | Promise<readonly TicklineEvent[]>;

const changed = (event: TicklineEvent, envelope: Partial<TicklineEvent>, data: object = {}): TicklineEvent =>
  ({ ...event, ...envelope, data: { ...event.data, ...data } }) as TicklineEvent;
const retried: Story = async (run, { report, store, clock }) => {
  await report(python.failed(run));
  clock.advance(SECOND);
  await wake(store, clock.now());
  return [];
};

/** Who said it, what of it goes to the dead letters and under which reason, and how the run stands afterwards: untouched by it. */
describe("a report that its executor may not make is refused, kept and counted", () => {
  const started: Story = async (run, { report }) => (await report(python.started(run)), []);
  const rows: readonly (readonly [name: string, before: Story | null, said: Story, outcome: string, standing: object])[] = [
    ["an internal run: started", null, (run) => [python.started({ ...run, queue: "default" })], "internal_queue", { state: "due" }],
    ["an internal run: completed", null, (run) => [python.completed({ ...run, queue: "default" })], "internal_queue", { state: "due" }],
    ["an internal run: heartbeat", null, (run) => [python.heartbeat(run)], "internal_queue", { state: "due" }],
    [
      "an internal run, said to be of its own queue",
      null,
      (run) => [python.completed({ ...run, queue: "python" })],
      "internal_queue",
      { state: "due" },
    ],
    ["another queue of others", null, (run) => [python.completed({ ...run, queue: "ruby" })], "wrong_queue", { state: "due" }],
    ["a queue of ours", null, (run) => [python.started({ ...run, queue: "default" })], "wrong_queue", { state: "due" }],
    ["the end of another's attempt", started, (run) => [other.completed(run)], "other_executor", { state: "running" }],
    ["the failure of another's attempt", started, (run) => [other.failed(run)], "other_executor", { state: "running" }],
    ["a heartbeat of another's attempt", started, (run) => [other.heartbeat(run)], "other_executor", { state: "running" }],
    [
      "the end of an attempt that has not begun",
      null,
      (run) => [python.completed({ ...run, attempt: 2 })],
      "unknown_attempt",
      { state: "due", attempt: 1 },
    ],
    [
      "a heartbeat of an attempt that has not begun",
      started,
      (run) => [python.heartbeat({ ...run, attempt: 2 })],
      "unknown_attempt",
      { state: "running", attempt: 1 },
    ],
    [
      "an attempt beyond all numbers",
      null,
      (run) => [python.completed({ ...run, attempt: Number.MAX_SAFE_INTEGER })],
      "unknown_attempt",
      { state: "due" },
    ],
    ["another tenant", null, (run) => [changed(python.completed(run), { tenantId: "theirs" })], "unknown_tenant", { state: "due" }],
    [
      "our executors' source",
      null,
      (run) => [changed(python.completed(run), { source: "tickline/executor" })],
      "bad_executor",
      { state: "due" },
    ],
    [
      "our scheduler's source",
      null,
      (run) => [changed(python.heartbeat(run), { source: "tickline/scheduler" })],
      "bad_executor",
      { state: "due" },
    ],
    [
      "one of our executors' names",
      null,
      (run) => [changed(python.started(run), { source: "executor-0192f2b1-c000-7a3b-9f8e-7d6c5b4a3920" })],
      "bad_executor",
      { state: "due" },
    ],
    ["a run id that is none", null, (run) => [python.completed({ ...run, runId: "' OR 1=1" })], "bad_run_id", { state: "due" }],
    ["a run id without end", null, (run) => [python.heartbeat({ ...run, runId: "0".repeat(100_000) })], "bad_run_id", { state: "due" }],
    ["an offer", null, (run) => [jobDue(run, 0)], "not_a_report", { state: "due" }],
    [
      "a hint",
      null,
      () => [handlersChanged(["x"], { id: "h", time: 0, source: "tickline/executor", tenantId: "default" })],
      "not_a_report",
      { state: "due" },
    ],
    ...RUN_STATES.filter((state) => !["succeeded", "failed", "cancelled"].includes(state)).map(
      (state) =>
        [`the state ${state}`, started, (run: DueRun) => [python.completed(run, { state })], "bad_state", { state: "running" }] as const,
    ),
  ];
  test.each(rows)("%s", async (name, before, said, outcome, standing) => {
    const world = await reportsWorld();
    const run = await world.dueOn(name.startsWith("an internal run") ? "default" : "python");
    await before?.(run, world);
    const events = await said(run, world);
    await world.report(...events);
    expect(await world.state(run)).toMatchObject(standing);
    expect(world.dead()).toEqual([[events[0]?.type, outcome]]);
    expect(await world.outcomes()).toMatchObject({ [outcome]: 1 });
    expect(world.logged).toEqual(["a report was refused"]);
    // Whose attempt it is may still say what came of it.
    if (run.queue === "python") {
      await world.report(python.completed(run, { output: 7 }));
      expect(await world.state(run)).toMatchObject({ state: "succeeded", output: 7, attempts: [{ executor: "python-1" }] });
    }
    await world.close();
  });
});

describe("a report that is late, repeated, or from the slower of two executors is dropped and counted, and is no dead letter", () => {
  const rows: readonly (readonly [name: string, before: Story, said: Story, outcome: string])[] = [
    ["the end again", async (run, { report }) => (await report(python.completed(run)), []), (run) => [python.completed(run)], "not_open"],
    [
      "a heartbeat after the end",
      async (run, { report }) => (await report(python.completed(run)), []),
      (run) => [python.heartbeat(run)],
      "not_open",
    ],
    [
      "another's end after the end",
      async (run, { report }) => (await report(python.completed(run)), []),
      (run) => [other.completed(run)],
      "not_open",
    ],
    [
      "a run that is not known",
      () => [],
      (run) => [python.heartbeat({ ...run, runId: `${run.runId.slice(0, 10)}0123456789ABCDEF` })],
      "not_open",
    ],
    [
      "the failure again",
      async (run, { report }) => (await report(python.failed(run)), []),
      (run) => [python.failed(run)],
      "stale_attempt",
    ],
    [
      "a heartbeat after the failure",
      async (run, { report }) => (await report(python.failed(run)), []),
      (run) => [python.heartbeat(run)],
      "stale_attempt",
    ],
    ["the attempt before the one that is due", retried, (run) => [python.completed(run)], "stale_attempt"],
    ["the attempt before, by another", retried, (run) => [other.completed(run)], "stale_attempt"],
    [
      "a second executor that begins",
      async (run, { report }) => (await report(python.started(run)), []),
      (run) => [other.started(run)],
      "lost",
    ],
  ];
  test.each(rows)("%s", async (_, before, said, outcome) => {
    const world = await reportsWorld();
    const run = await world.dueOn("python");
    await before(run, world);
    const standing = await world.state(run);
    await world.report(...(await said(run, world)));
    expect(await world.state(run)).toEqual(standing);
    expect(world.dead()).toEqual([]);
    expect(await world.outcomes()).toMatchObject({ [outcome]: 1 });
    expect(world.logged).toEqual([]);
    await world.close();
  });
});

test("a run of an external queue that one of our executors has cannot be ended or renewed by a foreign one", async () => {
  const { dueOn, report, store, state, clock, dead, close } = await reportsWorld();
  const run = await dueOn("python");
  await start(store, run, { executor: "executor-1", token: "a-random-token", now: clock.now() });
  const readLeases = async () => (await ending(store, Number.MAX_SAFE_INTEGER)).map(({ expiresAt }) => expiresAt);
  const before = await readLeases();
  clock.advance(SECOND);
  await report(python.heartbeat(run), python.completed(run), python.started(run));
  expect(await state(run)).toMatchObject({ state: "running", attempts: [{ executor: "executor-1" }] });
  expect(await readLeases()).toEqual(before);
  expect(dead()).toEqual([
    ["JobHeartbeat", "other_executor"],
    ["JobCompleted", "other_executor"],
  ]);
  await close();
});

test("500 heartbeats of unknown runs, and as many of garbage, delay none of the good reports beside them", async () => {
  const { dueOn, report, state, outcomes, dead, logged, close } = await reportsWorld();
  const run = await dueOn("python");
  const unknown = Array.from({ length: 500 }, (_, index) =>
    changed(python.heartbeat(run), {}, { runId: `${run.runId.slice(0, 10)}${String(index).padStart(16, "0")}` }),
  );
  const garbage = Array.from({ length: 500 }, (_, index) => changed(python.heartbeat(run), {}, { runId: `nobody-${index}` }));
  await report(...unknown, ...garbage, python.started(run), python.completed(run));
  expect(await state(run)).toMatchObject({ state: "succeeded" });
  expect(await outcomes()).toEqual({ not_open: 500, bad_run_id: 500, taken: 1 });
  expect(dead()).toHaveLength(500);
  expect(logged.length).toBeLessThanOrEqual(10);
  await close();
});

test("of a batch that is refused in part the rest is accepted", async () => {
  const { dueOn, report, state, dead, close } = await reportsWorld();
  const [mine, theirs, ours] = [await dueOn("python"), await dueOn("ruby"), await dueOn("default")];
  await report(
    python.completed({ ...theirs, queue: "python" }),
    python.completed(ours),
    python.completed(mine),
    python.completed(mine, { state: "due" }),
  );
  expect([await state(mine), await state(theirs), await state(ours)]).toMatchObject([
    { state: "succeeded" },
    { state: "due" },
    { state: "due" },
  ]);
  expect(dead()).toEqual([
    ["JobCompleted", "wrong_queue"],
    ["JobCompleted", "internal_queue"],
    ["JobCompleted", "bad_state"],
  ]);
  await close();
});

test("the executor that was faster while a report was being claimed has the attempt, and the other is refused", async () => {
  let raced = false;
  const world = await reportsWorld({
    claims: (claims) => ({
      async claim(request) {
        const quicker = { executor: "python-2", token: "report/1/python-2", leaseMs: TIMEOUT_MS };
        if (!raced) await claims.claim({ ...request, claimant: quicker });
        raced = true;
        return claims.claim(request);
      },
    }),
  });
  const run = await world.dueOn("python");
  await world.report(python.completed(run));
  expect(await world.state(run)).toMatchObject({ state: "running", attempts: [{ executor: "python-2" }] });
  expect(world.dead()).toEqual([["JobCompleted", "other_executor"]]);
  await world.close();
});
