import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Store } from "@tickline/shared/ports/store/store";
import { MINUTE } from "@tickline/shared/testing/factories";
import { heldHandler, LEASE_MS, setup, type SetupOptions } from "../executor.test-support.ts";
import { foreignExecutor, reportsWorld } from "../reports/reports.test-support.ts";

/** A store that refuses whatever names the run in `refused`. */
async function world(options: SetupOptions) {
  const refused = { runId: "" };
  const refuse = (runs: readonly { readonly runId: string }[]): void => {
    if (runs.some(({ runId }) => runId === refused.runId)) throw new AppError("internal", "its row is refused");
  };
  const at = await setup({
    ...options,
    claims: (claims: Store["claims"]) => ({
      async claim(request) {
        if (refusesClaims) refuse(request.runs);
        return claims.claim(request);
      },
      async heartbeat(request) {
        refuse(request.leases);
        return claims.heartbeat(request);
      },
    }),
  });
  let refusesClaims = true;
  return { ...at, refused, takeClaims: () => void (refusesClaims = false) };
}

test("a run whose claim the store refuses prevents no other of its batch, however often it is published", async () => {
  const { executor, refused, due, publish, states, pass, close, logged } = await world({});
  await executor.start();
  const runs = await due(9);
  refused.runId = runs[4]!.runId;
  await publish(runs);
  await pass(100);
  const expected = runs.map(({ runId }) => (runId === refused.runId ? "due" : "succeeded"));
  expect(await states(runs)).toEqual(expected);
  const more = await due(3);
  await publish([runs[4]!, ...more]);
  await pass(100);
  expect(await states([runs[4]!, ...more])).toEqual(["due", "succeeded", "succeeded", "succeeded"]);
  expect(logged).toContain("runs were not claimed");
  await close();
});

test("a lease that the store refuses to renew ends alone: the others are renewed", async () => {
  const held = heldHandler();
  const { executor, refused, takeClaims, due, publish, states, pass, until, close, logged } = await world({ run: held.runObeying });
  takeClaims();
  await executor.start();
  const runs = await due(5, { definition: { timeoutMs: 60 * MINUTE } });
  await publish(runs);
  await until(() => held.calls.length === 5);
  refused.runId = runs[2]!.runId;
  await pass(2 * LEASE_MS);
  expect(held.calls.filter(({ signal }) => signal.aborted).map(({ runId }) => runId)).toEqual([refused.runId]);
  expect(logged).toContain("leases were not renewed: the store refuses them, and not the others");
  refused.runId = "";
  held.finishAll();
  await pass(100);
  expect(await states(runs)).toEqual(["succeeded", "succeeded", "due", "succeeded", "succeeded"]);
  await close();
});

test("an event that the bus refuses prevents no other from being published", async () => {
  const { executor, bus, due, publish, pass, events, close, metrics } = await setup();
  await executor.start();
  const runs = await due(9);
  const { publish: said } = bus;
  const isRefused = (event: TicklineEvent): boolean => event.type === "JobCompleted" && event.data.runId === runs[4]!.runId;
  Object.assign(bus, {
    publish: (topic: string, batch: readonly TicklineEvent[]) =>
      batch.some(isRefused) ? Promise.reject(new AppError("bus_unavailable", "it is too large")) : said(topic, batch),
  });
  await publish(runs);
  await pass(100);
  expect(events.filter(({ type }) => type === "JobStarted")).toHaveLength(9);
  expect(events.filter(({ type }) => type === "JobCompleted")).toHaveLength(8);
  expect(await metrics.metrics()).toContain("tickline_events_unpublished_total 1");
  await close();
});

/** Refuses calls that name this run. */
const refusing = (refused: { runId: string }, method: "claim" | "defer" | "heartbeat"): SetupOptions => ({
  claims: (claims: Store["claims"]) => ({
    async [method](request: never) {
      if (refused.runId !== "" && JSON.stringify(request).includes(refused.runId)) throw new AppError("internal", "its row is refused");
      return claims[method](request);
    },
  }),
});

test("a run that the store does not defer prevents no other from being deferred", async () => {
  const refused = { runId: "" };
  const { executor, due, publish, pass, state, close } = await setup(refusing(refused, "defer"));
  await executor.start();
  const runs = await due(5, { definition: { handler: "nobody's" } });
  refused.runId = runs[1]!.runId;
  await publish(runs);
  await pass(50);
  const reasons = await Promise.all(runs.map(async (run) => (await state(run)).reason));
  expect(reasons).toEqual(["unknown_handler", null, "unknown_handler", "unknown_handler", "unknown_handler"]);
  await close();
});

describe("a report of a run that the store refuses becomes a dead letter alone", () => {
  const python = foreignExecutor("python-1");

  test.each(["claim", "heartbeat"] as const)("%s", async (method) => {
    const refused = { runId: "" };
    const at = await reportsWorld(refusing(refused, method));
    const runs = [await at.dueOn("python"), await at.dueOn("python"), await at.dueOn("python")];
    refused.runId = runs[1]!.runId;
    const report = method === "claim" ? python.completed : python.heartbeat;
    await at.report(...runs.map((run) => report(run)));
    const ended = method === "claim" ? "succeeded" : "running";
    expect(await at.states(runs)).toEqual([ended, "due", ended]);
    expect(at.dead()).toEqual([[method === "claim" ? "JobCompleted" : "JobHeartbeat", "it cannot be taken"]]);
    await at.close();
  });

  test("if it refuses all, they are received again", async () => {
    const refused = { runId: "" };
    const at = await reportsWorld(refusing(refused, "claim"));
    const run = await at.dueOn("python");
    refused.runId = run.runId;
    await at.report(python.completed(run));
    expect(at.dead()).toEqual([]);
    refused.runId = "";
    await at.pass(1_000);
    expect(await at.states([run])).toEqual(["succeeded"]);
    await at.close();
  });
});
