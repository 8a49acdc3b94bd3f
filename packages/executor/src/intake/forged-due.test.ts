import { describe, expect, test } from "@jest/globals";
import { differs, type DueRun } from "@tickline/shared/domain/run/due-run";
import { handlersChanged } from "@tickline/shared/events/control-event";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import { MINUTE, START } from "@tickline/shared/testing/factories";
import { z } from "zod";
import { setup as setupExecutor, storeUnavailable, turns, type SetupOptions } from "../executor.test-support.ts";
import { defineHandler, type HandlerContext } from "../handlers/handler.ts";

/** What a message says of params and policies is compared as one. */
const EXECUTION = differs("execution");

async function setup(options: SetupOptions = {}) {
  const calls: HandlerContext<{ [name: string]: unknown }>[] = [];
  const world = await setupExecutor({
    run: (context) => void calls.push(context),
    ...options,
    config: { queues: ["default", "high"], ...options.config },
  });
  await world.executor.start();
  return {
    ...world,
    calls,
    async say(...events: readonly TicklineEvent[]): Promise<void> {
      await world.bus.publish(dueTopic("default"), events);
      await turns(30);
    },
    /** Runs whose handler was called, with the params it got. */
    ran: () => calls.map(({ runId, params }) => [runId, params]),
    dead: () => world.bus.deadEvents.map(({ topic, group, reason, event }) => ({ topic, group, reason, id: event.id })),
    async claims(): Promise<Record<string, number>> {
      const found = await world.metrics.getSingleMetric("tickline_claims_total")?.get();
      return Object.fromEntries(
        (found?.values ?? []).filter(({ value }) => value > 0).map(({ labels, value }) => [labels["outcome"], value]),
      );
    },
  };
}

/** As `jobDue` says it, changed. */
const forged = (run: DueRun, changes: Partial<DueRun>, envelope: object = {}): TicklineEvent => ({
  ...jobDue({ ...run, ...changes }, START),
  id: "forged",
  ...envelope,
});

describe("a message that contradicts the store starts nothing, and the others of its batch run", () => {
  test.each<[string, (run: DueRun) => TicklineEvent, string]>([
    ["params of its own", (run) => forged(run, { params: { admin: true } }), EXECUTION],
    ["a handler of its own", (run) => forged(run, { handler: "other" }), "its handler is not that of the run in the store"],
    ["a handler that nobody has", (run) => forged(run, { handler: "nobody" }), "its handler is not that of the run in the store"],
    ["a timeout of its own", (run) => forged(run, { timeoutMs: 1 }), EXECUTION],
    ["a retry policy of its own", (run) => forged(run, { retry: { ...run.retry, maxAttempts: 99 } }), EXECUTION],
    ["another job", (run) => forged(run, { jobId: "other" }), "its jobId is not that of the run in the store"],
    [
      "a count of rescues that would quarantine the run",
      (run) => forged(run, { rescues: 9 }),
      "its rescues is not that of the run in the store",
    ],
    ["failures that never were", (run) => forged(run, { failures: 9 }), "its failures is not that of the run in the store"],
    ["the topic of another queue", (run) => forged(run, { queue: "high" }), "its queue is not that of its topic"],
    ["a queue of others", (run) => forged(run, { queue: "python" }), "its queue is not that of its topic"],
    [
      "another tenant",
      (run) => forged(run, { tenantId: "theirs" }, { tenantId: "theirs" }),
      "its tenantId is not that of the run in the store",
    ],
    ["an envelope of another tenant", (run) => forged(run, {}, { tenantId: "theirs" }), "its tenant is not that of its envelope"],
    ["another instant", (run) => forged(run, { scheduledFor: START + MINUTE }), "its runId is not one of its scheduledFor"],
    ["an id that is none", (run) => forged(run, { runId: "../../etc/passwd" }), "its runId is not one of its scheduledFor"],
    ["a negative attempt", (run) => forged(run, { attempt: -1 }), "attempts are numbered from 1"],
    [
      "an event of another topic",
      () => ({ ...handlersChanged(["work"], { id: "forged", time: START, source: "tickline/executor", tenantId: "default" }) }),
      "the topic of a queue is for JobDue, not for HandlersChanged",
    ],
  ])("%s", async (_, forge, reason) => {
    const { due, say, state, ran, dead, claims, logged, close } = await setup({
      handlers: [defineHandler({ type: "other", params: z.looseObject({}), run: () => expect("this").toBe("never called") })],
    });
    const [run, good] = await due(2);
    await say(forge(run!), jobDue(good!, START));
    expect(ran()).toEqual([[good!.runId, {}]]);
    expect(await state(run!)).toMatchObject({ state: "due", reason: null, wakeAt: null });
    expect(dead()).toEqual([{ topic: "tickline.due.default", group: "executor-default", id: "forged", reason }]);
    expect(await claims()).toEqual({ won: 1, refused: 1 });
    expect(logged).toContain("a message was refused");
    await close();
  });

  test("a forged message before the true one does not hide it", async () => {
    const { due, say, ran, dead, close } = await setup();
    const [run] = await due(1);
    const lies = [
      { params: { lie: 1 } },
      { handler: "nobody" },
      { rescues: 5, params: { lie: 2 } },
      { attempt: 7 },
      { params: { lie: 3 } },
    ];
    await say(...lies.map((lie) => forged(run!, lie)), jobDue(run!, START), jobDue(run!, START));
    expect(ran()).toEqual([[run!.runId, {}]]);
    expect(dead()).toHaveLength(4); // The one of another attempt is like a repeat that comes late.
    await close();
  });

  test("a true message is accepted while a forged one about its run is being judged", async () => {
    const { due, say, bus, ran, close } = await setup();
    const [run] = await due(1);
    void bus.publish(dueTopic("default"), [forged(run!, { params: { lie: 1 } })]);
    await say(jobDue(run!, START));
    expect(ran()).toEqual([[run!.runId, {}]]);
    await close();
  });
});

test("a message about an unknown or ended run is dropped and is no dead letter: repeats come late", async () => {
  const { due, say, dead, claims, close } = await setup();
  const [run, unknown] = await due(2);
  await say(jobDue(run!, START));
  const nobodys = { ...unknown!, runId: `${unknown!.runId.slice(0, 10)}0123456789ABCDEF` };
  await say(jobDue(run!, START), jobDue(nobodys, START), forged(nobodys, { handler: "nobody" }), forged(nobodys, { rescues: 3 }));
  expect(dead()).toEqual([]);
  expect(await claims()).toEqual({ won: 1, lost: 4 });
  await close();
});

test("a run whose handler is not here is deferred as the store holds it", async () => {
  const { due, say, state, dead, close } = await setup();
  const [run] = await due(1, { definition: { handler: "elsewhere" } });
  await say(jobDue(run!, START));
  expect(await state(run!)).toMatchObject({ state: "due", reason: "unknown_handler", wakeAt: null });
  expect(dead()).toEqual([]);
  await close();
});

test("a handler receives the last run as the store holds it, whatever the message contains", async () => {
  const { due, say, store, calls, close } = await setup();
  const [first, second] = [...(await due(1)), ...(await due(1))];
  const lie = {
    runId: "R9",
    state: "succeeded",
    scheduledFor: START,
    startedAt: null,
    finishedAt: START,
    attempt: 1,
    error: null,
  } as const;
  const lastRun = { ...lie, runId: "R0", state: "failed" } as const;
  await store.status.apply([{ tenantId: first!.tenantId, jobUid: first!.jobUid, lastRun }]);
  await say(forged(first!, { lastRun: null }), forged(second!, { lastRun: lie }));
  expect(calls.map((context) => [context.jobId, context.lastRun?.runId ?? null, context.lastRun?.state ?? null])).toEqual([
    ["job-1", "R0", "failed"],
    ["job-2", null, null],
  ]);
  await close();
});

test("a store that does not answer for the last runs is asked again, and the run is won", async () => {
  let away = 2;
  const { due, say, pass, ran, close } = await setup({
    claims: (claims) => ({ lastRuns: (uids) => ((away -= 1) >= 0 ? Promise.reject(storeUnavailable()) : claims.lastRuns(uids)) }),
  });
  const [run] = await due(1);
  await say(jobDue(run!, START));
  await pass(1_000);
  expect(ran()).toEqual([[run!.runId, {}]]);
  await close();
});

test("a batch of garbage is refused in few lines of the log", async () => {
  const { due, say, dead, logged, close } = await setup();
  const [run] = await due(1);
  await say(...Array.from({ length: 500 }, (_, index) => forged(run!, { attempt: -index })));
  expect(dead()).toHaveLength(500);
  expect(logged).toHaveLength(11);
  await close();
});
