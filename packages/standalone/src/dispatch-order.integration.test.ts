import { expect, test } from "@jest/globals";
import { createExecutor } from "@tickline/executor/executor";
import { EXECUTOR_DEFAULTS } from "@tickline/executor/executor-config";
import { defineHandler } from "@tickline/executor/handler";
import { createScheduler } from "@tickline/scheduler/scheduler";
import { SCHEDULER_DEFAULTS } from "@tickline/scheduler/scheduler-config";
import { createSchedulerMetrics } from "@tickline/scheduler/scheduler-metrics";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { addJob } from "@tickline/shared/testing/contracts/store-steps";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { Registry } from "prom-client";
import { z } from "zod";

const STEP_MS = 10;
/** Of the manual clock: a handler holds its worker for as long. */
const WORK_MS = 50;

interface Setup {
  readonly workersMax: number;
  readonly claimAtFire?: boolean;
  readonly windowRunsMax?: number;
}

interface Jobs {
  readonly count: number;
  readonly everyMs: number;
  readonly queue?: string;
  readonly priority?: number;
}

/** Scheduler and executor as `npm start` has them, on a memory store and time that stands still. */
function setup({ workersMax, claimAtFire = true, windowRunsMax = SCHEDULER_DEFAULTS.windowRunsMax }: Setup) {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock, trusted: true });
  const common = { ...store, bus, clock, entropy: systemEntropy, log: silentLogger };
  const started: { readonly name: string; readonly lateMs: number }[] = [];
  const work = defineHandler({
    type: "work",
    params: z.object({ name: z.string() }),
    async run({ params: { name }, scheduledFor }) {
      started.push({ name, lateMs: clock.now() - scheduledFor.getTime() });
      await new Promise<void>((ended) => clock.setTimer(WORK_MS, ended));
    },
  });
  const executor = createExecutor(
    { ...common, handlersRegistry: store.handlers, handlers: [work], metrics: new Registry() },
    { ...EXECUTOR_DEFAULTS, executorId: "here", workersMax },
  );
  const scheduler = createScheduler(
    {
      ...common,
      lock: createMemoryLock({ clock }),
      metrics: createSchedulerMetrics(new Registry()),
      localWorkers: claimAtFire ? executor.localWorkers : null,
    },
    { ...SCHEDULER_DEFAULTS, windowRunsMax },
  );
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      await turns();
      clock.advance(STEP_MS);
    }
    await turns();
  }
  async function stop(): Promise<void> {
    for (const service of [scheduler, executor]) {
      let stopped = false;
      const stopping = service.stop().then(() => (stopped = true));
      while (!stopped) await pass(SECOND);
      await stopping;
    }
    await bus.close();
  }
  return {
    pass,
    async start() {
      await executor.start();
      await scheduler.start();
    },
    stop,
    addJobs: async (name: string, { count, everyMs, queue = name, priority = 5 }: Jobs): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const definition = {
          handler: "work",
          params: { name },
          queue,
          priority,
          schedule: { kind: "every", everyMs, startAt: null, endAt: null, maxRuns: null },
        } as const;
        await addJob(store, { id: `${name}-${index}`, nextRunAt: START + SECOND, definition });
      }
    },
    listLateness: (name: string): number[] => started.filter((run) => run.name === name).map(({ lateMs }) => lateMs),
  };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 8; count += 1) await new Promise((next) => setImmediate(next));
}

test("many jobs of a lower queue, more than its workers can run, delay no run of a higher one, and lose it none", async () => {
  const { start, addJobs, pass, stop, listLateness } = setup({ workersMax: 4 });
  await addJobs("low", { count: 60, everyMs: 100 });
  await addJobs("high", { count: 1, everyMs: SECOND });
  await start();
  await pass(10 * SECOND + 500);
  const late = listLateness("high");
  expect(late).toHaveLength(10);
  expect(Math.max(...late)).toBeLessThanOrEqual(STEP_MS);
  expect(Math.max(...listLateness("low"))).toBeGreaterThan(SECOND);
  await stop();
});

test("many jobs of a higher queue leave a lower one its turns", async () => {
  const { start, addJobs, pass, stop, listLateness } = setup({ workersMax: 4 });
  await addJobs("high", { count: 60, everyMs: 100 });
  await addJobs("low", { count: 1, everyMs: SECOND });
  await start();
  await pass(10 * SECOND + 500);
  expect(listLateness("low").length).toBeGreaterThanOrEqual(5);
  await stop();
});

test.each([
  { claimAtFire: true, windowRunsMax: SCHEDULER_DEFAULTS.windowRunsMax, lateMsMax: STEP_MS },
  { claimAtFire: false, windowRunsMax: 20, lateMsMax: SECOND }, // Behind a window of runs that are published already.
])("a job of a higher priority overtakes many of its queue, more than the workers can run: %p", async ({ lateMsMax, ...options }) => {
  const { start, addJobs, pass, stop, listLateness } = setup({ workersMax: 4, ...options });
  await addJobs("plain", { count: 60, everyMs: 100, queue: "default" });
  await addJobs("urgent", { count: 1, everyMs: SECOND, queue: "default", priority: 9 });
  await start();
  await pass(10 * SECOND + 500);
  const late = listLateness("urgent");
  expect(late).toHaveLength(10);
  expect(Math.max(...late)).toBeLessThanOrEqual(lateMsMax);
  expect(Math.max(...listLateness("plain"))).toBeGreaterThan(2 * SECOND);
  await stop();
});
