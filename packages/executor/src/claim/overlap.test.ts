import { expect, test } from "@jest/globals";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { addJob, addRun } from "@tickline/shared/testing/contracts/store-steps";
import { SECOND } from "@tickline/shared/testing/factories";
import { heldHandler, setup } from "../executor.test-support.ts";

test("a run that is due while its job runs is closed as skipped, and this is published", async () => {
  const held = heldHandler();
  const { executor, store, publish, pass, until, states, events, clock, close } = await setup({ run: held.run });
  await executor.start();
  const job = await addJob(store, { definition: { handler: "work", overlap: "skip" } });
  const first = await addRun(store, job, { name: "first" });
  await publish([first]);
  await pass(SECOND);
  const second = await addRun(store, job, { now: clock.now(), name: "second" });
  await publish([second]);
  await until(() => events.some(({ type }) => type === "JobSkipped"));
  expect(await states([first, second])).toEqual(["running", "skipped"]);
  held.finishAll();
  await close();
});

test("a run that was late together with the one in progress waits for it, whose end publishes that runs are ready", async () => {
  const held = heldHandler();
  const { executor, bus, due, publish, until, states, metrics, close } = await setup({ run: held.run });
  const hints: TicklineEvent[] = [];
  await bus.subscribe({ topics: [CONTROL_TOPIC], group: "hints", from: "end", onBatch: (batch) => void hints.push(...batch) });
  await executor.start();
  const runs = (await due(2, { definition: { overlap: "skip" } })).toSorted((left, right) => (left.runId < right.runId ? -1 : 1));
  await publish(runs.toReversed());
  await until(() => held.calls.length === 1);
  expect(await states(runs)).toEqual(["running", "due"]);
  held.finishAll();
  await until(() => hints.some(({ type }) => type === "RunsReady"));
  await publish([runs[1]!]);
  await until(() => held.calls.length === 2);
  expect(await states(runs)).toEqual(["succeeded", "running"]);
  expect(await metrics.metrics()).toContain('tickline_claims_total{outcome="waiting"} 1');
  held.finishAll();
  await close();
});

test("under cancel_running the one in progress is asked to end at once, and the next runs after it", async () => {
  const held = heldHandler();
  const { executor, store, publish, pass, until, states, clock, close } = await setup({ run: held.runObeying });
  await executor.start();
  const job = await addJob(store, { definition: { handler: "work", overlap: "cancel_running" } });
  const first = await addRun(store, job, { name: "first" });
  await publish([first]);
  await pass(SECOND);
  const second = await addRun(store, job, { now: clock.now(), name: "second" });
  await publish([second]);
  await until(async () => (await states([first]))[0] === "cancelled");
  await publish([second]);
  await until(async () => (await states([second]))[0] === "running");
  expect(held.calls[0]?.signal.reason).toMatchObject({ code: "cancelled" });
  held.finishAll();
  await close();
});
