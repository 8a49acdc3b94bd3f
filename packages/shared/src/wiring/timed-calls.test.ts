import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import type { Bus } from "../ports/bus.ts";
import type { Store } from "../ports/store/store.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { timedBus, timedStore } from "./timed-calls.ts";

function setup() {
  const metrics = new Registry();
  return { clock: manualClock(0), metrics };
}

test("calls of the store answer as before, and their time is recorded by port and method", async () => {
  const { clock, metrics } = setup();
  const store = {
    claims: { read: async (runIds: readonly string[]) => (clock.advance(30), runIds) },
    ping: async () => ({ now: 7 }),
    refusal: () => null,
  };
  const timed = timedStore(store as unknown as Store, { clock, metrics });
  expect(await timed.claims.read(["run_1"])).toEqual(["run_1"]);
  expect(await timed.ping()).toEqual({ now: 7 });
  expect(timed.refusal?.()).toBeNull(); // At once, as health checks ask.
  const text = await metrics.metrics();
  expect(text).toContain('tickline_store_call_seconds_sum{call="claims.read"} 0.03');
  expect(text).toContain('tickline_store_call_seconds_count{call="ping"} 1');
});

test("a call that fails fails as before, and is counted", async () => {
  const { clock, metrics } = setup();
  const store = { claims: { claim: () => Promise.reject(new Error("away")) } };
  const timed = timedStore(store as unknown as Store, { clock, metrics });
  await expect(timed.claims.claim({} as never)).rejects.toThrow("away");
  expect(await metrics.metrics()).toContain('tickline_store_call_seconds_count{call="claims.claim"} 1');
});

test("what is published is timed by topic", async () => {
  const { clock, metrics } = setup();
  const bus = { publish: async () => clock.advance(200), subscribe: () => Promise.resolve("subscribed") };
  const timed = timedBus(bus as unknown as Bus, { clock, metrics });
  await timed.publish("tickline.runs", []);
  expect(await timed.subscribe({} as never)).toBe("subscribed");
  expect(await metrics.metrics()).toContain('tickline_bus_publish_seconds_sum{topic="tickline.runs"} 0.2');
});
