import { afterEach, expect, test } from "@jest/globals";
import { createApi } from "@tickline/api/api";
import { API_DEFAULTS } from "@tickline/api/api-config";
import { createExecutor } from "@tickline/executor/executor";
import { EXECUTOR_DEFAULTS } from "@tickline/executor/executor-config";
import { createScheduler } from "@tickline/scheduler/scheduler";
import { SCHEDULER_DEFAULTS } from "@tickline/scheduler/scheduler-config";
import { createSchedulerMetrics } from "@tickline/scheduler/scheduler-metrics";
import { createMemoryBus } from "@tickline/shared/adapters/memory/bus";
import { createMemoryLock } from "@tickline/shared/adapters/memory/lock";
import { createMemoryStore } from "@tickline/shared/testing/memory-store/memory-store";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { systemEntropy } from "@tickline/shared/adapters/system/entropy";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Command } from "@tickline/shared/events/command";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { COMMANDS_TOPIC, dueTopic, REPLIES_TOPIC, REPORTS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Bus } from "@tickline/shared/ports/bus";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { Registry } from "prom-client";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** The three services with a queue for others, and no handler of their own. */
async function startServices() {
  const clock = systemClock;
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock });
  const common = { ...store, bus, clock, entropy: systemEntropy, log: silentLogger };
  const externalQueues = ["python"];
  const executor = createExecutor(
    { ...common, handlersRegistry: store.handlers, handlers: [], metrics: new Registry() },
    { ...EXECUTOR_DEFAULTS, executorId: "executor-1", externalQueues },
  );
  const api = createApi(
    { ...common, digest: sha256, metrics: new Registry() },
    { ...API_DEFAULTS, port: 0, queues: [...API_DEFAULTS.queues, ...externalQueues], externalQueues },
  );
  const scheduler = createScheduler(
    { ...common, lock: createMemoryLock({ clock }), metrics: createSchedulerMetrics(new Registry()), localWorkers: null },
    SCHEDULER_DEFAULTS,
  );
  for (const service of [executor, api, scheduler]) {
    await service.start();
    ends.push(() => service.stop());
  }
  return { bus, url: api.url ?? "" };
}

/** A foreign executor of which the first attempt of every run fails. */
async function serveQueue(bus: Bus): Promise<void> {
  const say = (type: "JobStarted" | "JobCompleted", { tenantId, jobId, runId, attempt }: DueRun, data: object): TicklineEvent =>
    ({
      id: `${runId}-${attempt}-${type}`,
      type,
      source: "python-1",
      subject: jobId,
      time: systemClock.now(),
      tenantId,
      data,
    }) as TicklineEvent;
  const onBatch = async (events: readonly TicklineEvent[]): Promise<void> => {
    for (const { data } of events) {
      const run = data as DueRun;
      const ending =
        run.attempt === 1
          ? { state: "failed", output: null, error: { code: "oops", message: "not yet", retryable: true } }
          : { state: "succeeded", output: { greeted: run.params }, error: null };
      await bus.publish(REPORTS_TOPIC, [say("JobStarted", run, { ...run, startedAt: 0, executor: "python-1" })]);
      await bus.publish(REPORTS_TOPIC, [say("JobCompleted", run, { ...run, ...ending, count: 1, finishedAt: 0 })]);
    }
  };
  await bus.subscribe({ topics: [dueTopic("python")], group: "python", from: "beginning", onBatch });
}

test("a service without HTTP creates a job for an executor that is not ours; its failures are retried, and all see only our events", async () => {
  const { bus, url } = await startServices();
  await serveQueue(bus);
  const replied = Promise.withResolvers<TicklineEvent>();
  await bus.subscribe({
    topics: [REPLIES_TOPIC],
    group: "test",
    from: "end",
    onBatch: (replies) => replies.forEach(replied.resolve),
  });
  const heard: TicklineEvent[] = [];
  const completed = Promise.withResolvers<void>();
  await bus.subscribe({
    topics: [RUNS_TOPIC],
    group: "test",
    from: "end",
    onBatch(events) {
      heard.push(...events);
      if (events.some(({ type }) => type === "JobCompleted")) completed.resolve();
    },
  });

  const job = {
    name: "Hello",
    queue: "python",
    handler: "greet",
    params: { who: "you" },
    schedule: { at: new Date(systemClock.now() + 300).toISOString() },
  };
  const command: Command = {
    id: "command-1",
    type: "CreateJob",
    source: "billing",
    subject: "hello",
    time: systemClock.now(),
    tenantId: "default",
    data: { jobId: "hello", job: { ...job, retry: { delayMs: 10, jitter: "none" } } },
  };
  await bus.publish(COMMANDS_TOPIC, [command, command]);
  expect(await replied.promise).toMatchObject({ type: "CommandAnswered", data: { commandId: "command-1", jobId: "hello" } });
  await completed.promise;

  const { items } = (await (await fetch(`${url}/jobs/hello/runs?include=output`)).json()) as { items: readonly object[] };
  expect(items).toMatchObject([
    {
      state: "succeeded",
      output: { greeted: { who: "you" } },
      attempts: [
        { attempt: 1, state: "failed", executor: "python-1", error: { code: "oops" } },
        { attempt: 2, state: "succeeded", executor: "python-1" },
      ],
    },
  ]);
  expect(heard.map(({ type, source }) => [type, source])).toEqual([
    ["JobStarted", "tickline/executor"],
    ["JobRetrying", "tickline/executor"],
    ["JobStarted", "tickline/executor"],
    ["JobCompleted", "tickline/executor"],
  ]);
});
