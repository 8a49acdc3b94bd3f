import { afterEach, expect, test } from "@jest/globals";
import { createApi } from "@tickline/api/api";
import { API_DEFAULTS } from "@tickline/api/api-config";
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
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { REPLIES_TOPIC } from "@tickline/shared/events/topics";
import { jsonCodec } from "@tickline/shared/events/wire/json-codec";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { addJob, addRun, readRun } from "@tickline/shared/testing/contracts/store-steps";
import { SECOND, START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { Registry } from "prom-client";
import { z } from "zod";
import { hostileRows, type HostileRow } from "./hostile/hostile-messages.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const turns = async (count = 4): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next));
};

/** The three services on one store and bus, on time that stands still, and a job of every second. */
async function startServices() {
  const clock = manualClock(START);
  const store = createMemoryStore({ clock, digest: sha256 });
  const bus = createMemoryBus({ clock });
  const common = { ...store, bus, clock, entropy: systemEntropy, log: silentLogger };
  const calls: { readonly jobId: string; readonly params: unknown; readonly scheduledFor: number; readonly atMs: number }[] = [];
  const held = Promise.withResolvers<void>();
  const record = defineHandler({
    type: "record",
    params: z.looseObject({}),
    async run({ jobId, params, scheduledFor, signal }) {
      calls.push({ jobId, params, scheduledFor: scheduledFor.getTime(), atMs: clock.now() });
      if (jobId !== "running") return;
      await held.promise;
      signal.throwIfAborted();
    },
  });
  const externalQueues = ["python"];
  const executor = createExecutor(
    { ...common, handlersRegistry: store.handlers, handlers: [record, { ...record, type: "http" }], metrics: new Registry() },
    { ...EXECUTOR_DEFAULTS, executorId: "executor-1", queues: ["default"], externalQueues },
  );
  const api = createApi(
    { ...common, digest: sha256, metrics: new Registry() },
    { ...API_DEFAULTS, port: 0, queues: ["default", "idle", ...externalQueues], externalQueues },
  );
  const scheduler = createScheduler(
    { ...common, lock: createMemoryLock({ clock }), metrics: createSchedulerMetrics(new Registry()), localWorkers: null },
    SCHEDULER_DEFAULTS,
  );
  for (const service of [executor, api, scheduler]) await service.start();
  const replies: TicklineEvent[] = [];
  await bus.subscribe({ topics: [REPLIES_TOPIC], group: "test", from: "end", onBatch: (events) => void replies.push(...events) });
  ends.push(async () => {
    const stopping = Promise.all([scheduler.stop(), executor.stop(), api.stop()]);
    let stopped = false;
    void stopping.then(() => (stopped = true));
    while (!stopped) {
      clock.advance(100);
      await turns();
    }
    await bus.close();
  });
  /** Lets time pass, in steps of a hundredth of a second. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      await turns();
    }
  }
  return { clock, store, bus, calls, held, replies, pass };
}
type Services = Awaited<ReturnType<typeof startServices>>;

/** Jobs whose runs are to be harmed, and the messages that are to do it. */
async function prepare({ store, clock, pass, calls }: Services) {
  const definition = { handler: "record", params: {}, overlap: "allow" } as const;
  const addJobWithRun = async (id: string, queue: string): Promise<DueRun> =>
    addRun(store, await addJob(store, { id, nextRunAt: null, definition: { ...definition, queue } }), { now: clock.now() });
  const everySecond = await addJob(store, {
    id: "every-second",
    nextRunAt: START + SECOND,
    definition: {
      ...definition,
      queue: "default",
      schedule: { kind: "every", everyMs: SECOND, startAt: null, endAt: null, maxRuns: null },
    },
  });
  const [waiting, foreign, running] = [
    await addJobWithRun("waiting", "idle"),
    await addJobWithRun("foreign", "python"),
    await addJobWithRun("running", "default"),
  ];
  await pass(2 * SECOND);
  expect(calls.map(({ jobId }) => jobId)).toEqual(expect.arrayContaining(["running", "every-second"]));
  const { items } = await store.runs.list("default", { jobUid: everySecond.uid, limit: 1, cursor: null });
  const ended: DueRun = { ...running, ...items[0]!, exclusive: false, slot: everySecond.slot, params: {} };
  const victims = { now: clock.now(), waiting, foreign, running, everySecond: ended, telltale: { forged: true } };
  return { ...victims, job: everySecond, rows: hostileRows(victims) };
}

/** What of the rows can be read at all: the rest is for the codec, and a bus in memory has none. */
async function readable(rows: readonly HostileRow[]): Promise<readonly (HostileRow & { readonly event: TicklineEvent })[]> {
  const decoded = await jsonCodec.decode(
    rows
      .filter(({ message }) => !String(message.headers["content-type"]).includes("avro"))
      .map(({ message: { value, headers } }) => ({ key: null, value: value === null ? null : Buffer.from(value), headers })),
  );
  const inJson = rows.filter(({ message }) => !String(message.headers["content-type"]).includes("avro"));
  return decoded.flatMap((read, index) => (read.kind === "event" ? [{ ...inJson[index]!, event: read.event }] : []));
}

test("whatever strangers say, nothing forged runs, what is refused is kept, and a job of every second is never late", async () => {
  const services = await startServices();
  const { store, bus, calls, held, replies, pass, clock } = services;
  const { rows, waiting, foreign, running, job } = await prepare(services);
  const said = await readable(rows);
  expect(said.length).toBeGreaterThan(550);
  const from = clock.now();
  for (const { topic, event, times = 1 } of said) {
    await bus.publish(
      topic,
      Array.from({ length: times }, () => event),
    );
    if (clock.now() < from + 5 * SECOND) await pass(10);
  }
  await pass(3 * SECOND);

  const kept = (topic: string): string[] => said.filter((row) => row.topic === topic && row.fate === "kept").map(({ event }) => event.id);
  for (const topic of new Set(said.map((row) => row.topic))) {
    expect([
      topic,
      bus.deadEvents
        .filter((dead) => dead.topic === topic)
        .map(({ event }) => event.id)
        .toSorted(),
    ]).toEqual([topic, kept(topic).toSorted()]);
  }
  const answered = said.filter(({ fate }) => fate === "answered").map(({ event }) => event.id);
  const answers = replies.map(({ type, data }) => `${type} ${(data as { commandId?: string }).commandId}`);
  expect(answers.toSorted()).toEqual(answered.map((id) => `CommandRefused ${id}`).toSorted());

  expect(calls.filter(({ jobId }) => !["every-second", "running"].includes(jobId))).toEqual([]);
  expect(calls.filter(({ params }) => JSON.stringify(params) !== "{}")).toEqual([]);
  const ticks = calls.filter(({ jobId }) => jobId === "every-second");
  const owed = Math.floor((clock.now() - START) / SECOND);
  expect(ticks.map(({ scheduledFor }) => scheduledFor)).toEqual(Array.from({ length: owed }, (_, index) => START + (index + 1) * SECOND));
  expect(Math.max(...ticks.map(({ scheduledFor, atMs }) => atMs - scheduledFor))).toBeLessThanOrEqual(100);
  expect((await store.jobs.get("default", job.id))?.lastRun?.scheduledFor).toBeGreaterThanOrEqual(clock.now() - 2 * SECOND);
  expect([await readRun(store, waiting), await readRun(store, foreign), await readRun(store, running)]).toMatchObject([
    { state: "due", reason: null, attempt: 1 },
    { state: "due", attempt: 1 },
    { state: "running", attempt: 1, cancelRequested: false },
  ]);
  held.resolve();
  await pass(100);
  expect(await readRun(store, running)).toMatchObject({ state: "succeeded" });
});
