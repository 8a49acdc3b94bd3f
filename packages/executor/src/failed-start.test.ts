import { expect, test } from "@jest/globals";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { AppError } from "@tickline/shared/domain/app-error";
import { jobDue } from "@tickline/shared/events/job-due";
import { dueTopic } from "@tickline/shared/events/topics";
import type { Bus } from "@tickline/shared/ports/bus";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { addJobWithRun, readRun } from "@tickline/shared/testing/contracts/store-steps";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { Registry } from "prom-client";
import { z } from "zod";
import { EXECUTOR_DEFAULTS } from "./executor-config.ts";
import { turns } from "./executor.test-support.ts";
import { createExecutor } from "./executor.ts";
import { defineHandler } from "./handlers/handler.ts";

/** A run on the first of two queues, and a bus that has no topic for the second. */
async function world() {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const inner = createMemoryBus({ clock });
  async function pass(): Promise<void> {
    for (let step = 0; step < 20; step += 1) {
      clock.advance(50);
      await turns();
    }
  }
  const state = { missing: true, called: 0 };
  const bus: Bus = {
    ...inner,
    async subscribe(request) {
      if (!state.missing || !request.topics.includes(dueTopic("low"))) return inner.subscribe(request);
      await publish();
      await pass(); // As long as a broker takes to say so.
      throw new AppError("bus_unavailable", "no topic", { retryable: false });
    },
  };
  const work = defineHandler({ type: "work", params: z.looseObject({}), run: () => void (state.called += 1) });
  const { run } = await addJobWithRun(store, { definition: { handler: "work", params: {} } });
  const publish = (): Promise<void> => inner.publish(dueTopic("default"), [jobDue(run, START)]);
  const executor = createExecutor(
    {
      ...store,
      handlersRegistry: store.handlers,
      bus,
      clock,
      entropy: systemEntropy,
      log: silentLogger,
      metrics: new Registry(),
      handlers: [work],
      end: () => undefined,
    },
    { ...EXECUTOR_DEFAULTS, executorId: "one", queues: ["default", "low"] },
  );
  return { state, executor, publish, pass, current: () => readRun(store, run) };
}

test("a start that fails has claimed nothing, and the next one runs what waits", async () => {
  const { state, executor, publish, pass, current } = await world();
  for (let tries = 0; tries < 3; tries += 1) {
    await expect(executor.start()).rejects.toThrow("no topic");
    expect([state.called, await current()]).toMatchObject([0, { state: "due", attempt: 1, attempts: [] }]);
  }
  state.missing = false;
  await executor.start();
  await publish();
  await pass();
  expect([state.called, await current()]).toMatchObject([1, { state: "succeeded", attempt: 1 }]);
  await executor.stop();
});
