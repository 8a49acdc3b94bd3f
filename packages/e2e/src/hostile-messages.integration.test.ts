import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { openRegistryCodec } from "@tickline/shared/adapters/registry/registry-codec";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { REPLIES_TOPIC, REPORTS_TOPIC, dueTopic } from "@tickline/shared/events/topics";
import type { EventCodec } from "@tickline/shared/events/wire/event-codec";
import { jsonCodec } from "@tickline/shared/events/wire/json-codec";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { describeWithOwnServers } from "@tickline/shared/testing/servers/describe-with-own-servers";
import kafkajs, { Kafka, type Producer } from "kafkajs"; // Node finds not all names of this package.
import type { JobView, RunView } from "./driver/views.ts";
import { hostileRows, type HostileRow } from "./hostile/hostile-messages.ts";
import { createTopicReader, type TopicReader } from "./hostile/topic-reader.ts";
import { createEndings, temporaryFolder } from "./product/endings.ts";
import { printFigures } from "./product/figures.ts";
import { eventually } from "./product/running-product.ts";
import type { Effect } from "./recorder/effect.ts";
import { startEffectRecorder, type EffectRecorder } from "./recorder/effect-recorder.ts";
import { targetUrl } from "./recorder/target-behaviour.ts";
import { startHeldTarget, type HeldTarget } from "./services/held-target.ts";
import { startServices, type Services } from "./services/services.ts";

/** What strangers write to the topics of three services on real servers, while a job of every second runs. */

const START_MS_MAX = 240_000;
const SOON_MS_MAX = 60_000;
/** No instant of the job of every second may start later than this. */
const LATE_MS_MAX = 1_000;
/** For how long it is watched beyond the last hostile message. */
const WATCHED_MS = 5_000;
/** Instants of it that have run before anything is looked at: connections are made, code is compiled. */
const WARM_INSTANTS = 5;
const MIB = 1_048_576;
const FAR = "2099-01-01T00:00:00Z";

jest.setTimeout(START_MS_MAX);

const maxLateness = (effects: readonly Effect[]): number =>
  Math.max(...effects.map(({ scheduledFor, startedAt }) => startedAt - scheduledFor));

await describeWithOwnServers("hostile messages", ["kafka", "mongodb", "redis", "registry"], (servers) => {
  const endings = createEndings();
  let services: Services;
  let recorder: EffectRecorder;
  let target: HeldTarget;
  let kafka: Kafka;
  let producer: Producer;
  let reader: TopicReader;
  let codec: EventCodec;

  beforeAll(async () => {
    recorder = await startEffectRecorder({ file: join(temporaryFolder(endings), "effects") });
    endings.add(() => recorder.close());
    target = await startHeldTarget(endings);
    const settings = {
      STORE_URL: `${servers.mongodbUrl}/tickline`,
      BUS_URL: `kafka://${servers.kafkaBrokers}`,
      LOCK_URL: servers.redisUrl,
      REGISTRY_URL: servers.registryUrl,
      QUEUES: "default,idle",
      EXTERNAL_QUEUES: "python",
      TOPIC_PARTITIONS: "3",
      LOG_LEVEL: "error",
    };
    services = await startServices(endings, settings, { QUEUES: "default" });
    kafka = new Kafka({ brokers: servers.kafkaBrokers.split(","), clientId: "stranger", logLevel: kafkajs.logLevel.NOTHING });
    producer = kafka.producer();
    await producer.connect();
    endings.add(() => producer.disconnect());
    reader = await createTopicReader(kafka);
    endings.add(() => reader.close());
    codec = await openRegistryCodec({ url: servers.registryUrl, clock: systemClock, log: silentLogger });
  }, START_MS_MAX);
  afterAll(() => endings.run(), START_MS_MAX);

  const createJob = (id: string, job: object): Promise<JobView> =>
    services.call("PUT", `/jobs/${id}`, { name: id, handler: "http", schedule: { at: FAR }, overlap: "allow", ...job });
  const trigger = (id: string): Promise<RunView> => services.call("POST", `/jobs/${id}/trigger`);
  const runNow = async (id: string): Promise<RunView> => {
    const [run] = await services.listRuns(id);
    if (run === undefined) throw new Error(`no run of ${id}`);
    return services.call("GET", `/runs/${run.id}`);
  };
  /** A run of a job, as the scheduler has offered it. */
  async function offered(queue: string, jobId: string): Promise<DueRun> {
    return eventually(async () => {
      const messages = await reader.all(dueTopic(queue));
      const decoded = await codec.decode(messages.map(({ key, value, headers }) => ({ key, value, headers: headers ?? {} })));
      const runs = decoded.flatMap((read) => (read.kind === "event" && read.event.type === "JobDue" ? [read.event.data] : []));
      return runs.find((run) => run.jobId === jobId) ?? null;
    }, SOON_MS_MAX);
  }
  async function publish({ topic, message, times = 1 }: HostileRow): Promise<void> {
    const { key, value, headers } = message;
    await producer.send({ topic, messages: Array.from({ length: times }, () => ({ key, value, headers: { ...headers } })) });
  }

  test("nothing forged runs, nothing stops a partition, and a job of every second is never late by more than a second", async () => {
    const telltale = { url: targetUrl(recorder.url, { mark: "forged" }) };
    const http = { params: { url: targetUrl(recorder.url, { mark: "victim" }) } };
    await createJob("every-second", { params: { url: targetUrl(recorder.url, { mark: "tick" }) }, schedule: "every 1s" });
    await createJob("running", { params: { url: target.url } });
    await createJob("waiting", { ...http, queue: "idle" });
    await createJob("foreign", { ...http, queue: "python" });
    for (const id of ["running", "waiting", "foreign"]) await trigger(id);
    const call = await target.called();
    const ticks = (): number[] => recorder.effects().flatMap(({ jobId, scheduledFor }) => (jobId === "every-second" ? [scheduledFor] : []));
    await eventually(() => (ticks().length >= WARM_INSTANTS ? true : null), SOON_MS_MAX);
    const quietFrom = Date.now();

    const [waiting, foreign, running, everySecond] = [
      await offered("idle", "waiting"),
      await offered("python", "foreign"),
      await offered("default", "running"),
      await offered("default", "every-second"),
    ];
    const rows = hostileRows({ now: Date.now(), waiting, foreign, running, everySecond, telltale });
    const begunAt = Date.now();
    // A topic whose limit was raised: its topic of dead letters has another limit. All others refuse five megabytes by themselves.
    const admin = kafka.admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: REPORTS_TOPIC,
          configEntries: [{ name: "max.message.bytes", value: String(8 * MIB) }],
        },
      ],
    });
    await admin.disconnect();
    const huge = (topic: string): HostileRow => ({
      name: "five megabytes",
      topic,
      fate: "kept",
      message: { key: null, value: randomBytes(5 * MIB), headers: {} },
    });
    await expect(publish(huge(dueTopic("default")))).rejects.toThrow();
    for (const row of rows) await publish(row);
    await eventually(
      () =>
        publish(huge(REPORTS_TOPIC)).then(
          () => true,
          () => null,
        ),
      SOON_MS_MAX,
    ); // Once the brokers know of the limit.
    await wait(WATCHED_MS);
    const endedAt = Date.now();

    const expected = (topic: string): number =>
      rows.filter((row) => row.topic === topic && row.fate.endsWith("kept")).length + (topic === REPORTS_TOPIC ? 1 : 0);
    for (const topic of new Set(rows.map((row) => row.topic))) {
      const kept = () => reader.count(`${topic}.dead`);
      await eventually(async () => ((await kept()) >= expected(topic) ? true : null), SOON_MS_MAX).catch(() => undefined);
      expect([topic, await kept()]).toEqual([topic, expected(topic)]);
    }
    const replies = await codec.decode(
      (await reader.all(REPLIES_TOPIC)).map(({ key, value, headers }) => ({ key, value, headers: headers ?? {} })),
    );
    const answered = rows.filter(({ fate }) => fate.startsWith("answered")).length;
    expect(replies.map((read) => (read.kind === "event" ? read.event.type : read.kind))).toEqual(
      Array.from({ length: answered }, () => "CommandRefused"),
    );

    const effects = recorder.effects();
    expect(effects.filter(({ jobId, mark }) => jobId !== "every-second" || mark !== "tick")).toEqual([]);
    const watched = effects.filter(({ scheduledFor }) => scheduledFor >= begunAt && scheduledFor <= endedAt - LATE_MS_MAX);
    const latest = maxLateness(watched);
    const before = maxLateness(effects.filter(({ scheduledFor }) => scheduledFor >= quietFrom && scheduledFor < begunAt));
    printFigures(
      `hostile messages: ${rows.length + 1} rows in ${endedAt - begunAt} ms; ${watched.length} instants, the latest by ${latest} ms (${before} ms before)`,
    );
    const instants = Math.floor((endedAt - LATE_MS_MAX) / 1_000) - Math.ceil(begunAt / 1_000) + 1;
    expect(new Set(watched.map(({ scheduledFor }) => scheduledFor)).size).toBeGreaterThanOrEqual(instants - 1); // Its grid begins within a second.
    expect(watched.length).toBe(new Set(watched.map(({ scheduledFor }) => scheduledFor)).size);
    expect(latest).toBeLessThanOrEqual(LATE_MS_MAX);
    const { lastRun } = await services.call<JobView>("GET", "/jobs/every-second");
    expect(Math.abs(Date.now() - Date.parse(lastRun?.scheduledFor ?? ""))).toBeLessThan(10_000);

    expect(await runNow("waiting")).toMatchObject({ state: "due", reason: null, attempt: 1 });
    expect(await runNow("foreign")).toMatchObject({ state: "due", attempt: 1 });
    expect(await runNow("running")).toMatchObject({ state: "running", attempt: 1 });
    call.answer();
    await eventually(async () => ((await runNow("running")).state === "succeeded" ? true : null), SOON_MS_MAX);
    await report(foreign);
    await eventually(async () => ((await runNow("foreign")).state === "succeeded" ? true : null), SOON_MS_MAX);
    expect(services.crashes()).toEqual([]);
    await services.end();
  });

  /** The one who may: whatever was said before, the attempt is still to be had. */
  async function report(run: DueRun): Promise<void> {
    const ended = { count: 1, scheduledForLast: null, reason: null, startedAt: null, finishedAt: Date.now(), output: null, error: null };
    const said = { id: "report", type: "JobCompleted", source: "python-1", subject: run.jobId, time: Date.now(), tenantId: run.tenantId };
    const event = { ...said, data: { ...run, ...ended, state: "succeeded" } } as TicklineEvent;
    const [message] = jsonCodec.encode([event]);
    await producer.send({
      topic: REPORTS_TOPIC,
      messages: [{ key: message?.key ?? null, value: String(message?.value), headers: { ...message?.headers } }],
    });
  }
});
