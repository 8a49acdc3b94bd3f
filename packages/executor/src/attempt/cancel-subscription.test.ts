import { expect, test } from "@jest/globals";
import { cancelRequested } from "@tickline/shared/events/control-event";
import { CONTROL_TOPIC } from "@tickline/shared/events/topics";
import { storeUnavailable, turns } from "../executor.test-support.ts";
import { running } from "./running-run.test-support.ts";

test("a hint of another tenant cancels nothing", async () => {
  const { signal, bus, run, held, close } = await running();
  await bus.publish(CONTROL_TOPIC, [cancelRequested(run.runId, { id: "x", time: 0, source: "tickline/api", tenantId: "other" })]);
  await turns();
  expect(signal.aborted).toBe(false);
  held.finishAll();
  await close();
});

test("a hint alone cancels nothing: the store is asked, once for all hints of a batch, and has no cancel request", async () => {
  let asked = 0;
  const { signal, bus, run, held, pass, ended, close } = await running({
    claims: (claims) => ({
      heartbeat(request) {
        asked += 1;
        return claims.heartbeat(request);
      },
    }),
  });
  const before = asked;
  const forged = (runId: string) => cancelRequested(runId, { id: "forged", time: 0, source: "tickline/api", tenantId: run.tenantId });
  await bus.publish(CONTROL_TOPIC, [...Array.from({ length: 50 }, () => forged(run.runId)), forged("01KE70EHG01X7FVB67419GMES3")]);
  await turns();
  expect(signal.aborted).toBe(false);
  expect(asked - before).toBe(1);
  await pass(5_000);
  expect(signal.aborted).toBe(false);
  held.finish(run.runId, "done");
  await turns();
  expect(await ended()).toMatchObject({ state: "succeeded" });
  await close();
});

test("a hint that arrives while the store is unavailable waits for the heartbeat", async () => {
  let away = false;
  const { signal, cancel, pass, held, close } = await running({
    claims: (claims) => ({ heartbeat: (request) => (away ? Promise.reject(storeUnavailable()) : claims.heartbeat(request)) }),
  });
  away = true;
  await cancel(true);
  expect(signal.aborted).toBe(false);
  away = false;
  await pass(5_000);
  expect(signal.reason).toMatchObject({ code: "cancelled" });
  held.finishAll();
  await close();
});
