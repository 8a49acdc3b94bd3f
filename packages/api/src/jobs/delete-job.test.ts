import { describe, expect, test } from "@jest/globals";
import { AppError } from "@tickline/shared/domain/app-error";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { publishable, retryIn, settle, start } from "@tickline/shared/testing/contracts/store-steps";
import { MINUTE } from "@tickline/shared/testing/factories";
import { apiUnderTest, minimalJob } from "../api-under-test.test-support.ts";

/** A job with one run that runs, one that waits for its retry, and one that is due. */
async function setup() {
  const under = await apiUnderTest();
  const { store, clock, call } = under;
  await call("PUT /jobs/ping", { body: { ...minimalJob, overlap: "allow", misfire: "all" } });
  for (let count = 0; count < 3; count += 1) await call("POST /jobs/ping/trigger");
  const [first, second] = await publishable(store);
  await settle(store, await start(store, first!, { now: clock.now() }), { result: retryIn(MINUTE), now: clock.now() });
  await start(store, second!, { token: "running", now: clock.now() });
  const states = async (): Promise<readonly string[]> =>
    (await store.runs.list("default", { jobId: "ping", limit: 200, cursor: null })).items
      .map(({ state, cancelRequested }) => `${state}${cancelRequested ? ", to be cancelled" : ""}`)
      .sort();
  const unsent = async () => (await store.outbox.unsent({ shard: ALL_SLOTS, limit: 10 })).map(({ type, data }) => ({ type, data }));
  return { ...under, states, unsent, [Symbol.asyncDispose]: under.stop };
}

describe("DELETE /jobs/:id", () => {
  test.each(["", "?cancelRunning=false"])("lets attempts in progress end, and cancels all other runs: %j", async (query) => {
    await using at = await setup();
    expect((await at.call(`DELETE /jobs/ping${query}`)).status).toBe(204);
    expect(await at.states()).toEqual(["cancelled", "cancelled", "running"]);
    expect(await at.unsent()).toEqual([]);
  });

  test("with cancelRunning it also cancels attempts in progress, and their executors are notified at once", async () => {
    await using at = await setup();
    const heard: TicklineEvent[] = [];
    await at.bus.subscribe({ topics: [CONTROL_TOPIC], group: "test", from: "end", onBatch: (events) => void heard.push(...events) });
    expect((await at.call("DELETE /jobs/ping?cancelRunning=true")).status).toBe(204);
    expect(await at.states()).toEqual(["cancelled", "cancelled", "running, to be cancelled"]);
    expect(heard.map(({ type }) => type)).toContain("CancelRequested");
    const { items } = await at.store.runs.list("default", { jobId: "ping", limit: 200, cursor: null });
    const by = { kind: "job_deleted", address: "127.0.0.1", userAgent: expect.any(String) };
    expect(items.map(({ cancel }) => cancel?.by)).toEqual([by, by, by]);
    expect(await at.unsent()).toEqual([]);
  });

  test.each(["cancelOpen", "cancelRunning"] as const)(
    "what a store that went away left undone stands in the outbox: %s",
    async (method) => {
      await using at = await setup();
      const away = () => Promise.reject(new AppError("store_unavailable", "gone", { retryable: true }));
      Object.assign(at.store.control, { [method]: away });
      expect((await at.call("DELETE /jobs/ping?cancelRunning=true")).status).toBe(503);
      expect((await at.call("GET /jobs/ping")).status).toBe(404);
      expect(await at.unsent()).toMatchObject([{ type: "JobDeleted", data: { jobId: "ping", cancelRunning: true } }]);
    },
  );
});
