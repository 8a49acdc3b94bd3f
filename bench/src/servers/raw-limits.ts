import { createKafkaClient } from "@tickline/shared/adapters/kafka/client/kafka-client";
import { parseKafkaUrl } from "@tickline/shared/adapters/kafka/client/kafka-url";
import { createSenders, type OutMessage } from "@tickline/shared/adapters/kafka/sender";
import { connect } from "@tickline/shared/adapters/mongodb/server/connection";
import { INDEXES } from "@tickline/shared/adapters/mongodb/collections/indexes";
import { newRunRow, type RunRow } from "@tickline/shared/adapters/mongodb/runs/run-row";
import { openRegistryCodec } from "@tickline/shared/adapters/registry/registry-codec";
import { systemClock } from "@tickline/shared/adapters/system/clock";
import { sha256 } from "@tickline/shared/adapters/system/digest";
import { firstDueRun, toRunOrigin } from "@tickline/shared/domain/run/due-run";
import { scheduledEntry } from "@tickline/shared/domain/fire/fire";
import { makeRunId } from "@tickline/shared/domain/run/run-id";
import { jobDue } from "@tickline/shared/events/job-due";
import { jsonCodec } from "@tickline/shared/events/wire/json-codec";
import { createLogger } from "@tickline/shared/runtime/log/logger";
import { benchJob } from "../bench-job.ts";
import { withDatabase, type BenchServers } from "./fleet/bench-servers.ts";

/** What the servers do by themselves, asked through the same clients, with the same settings, in batches of the same size. */
export interface RawLimits {
  readonly messageBytes: number;
  readonly producedPerSecond: number;
  readonly consumedPerSecond: number;
  readonly insertedPerSecond: number;
  readonly insertedBarePerSecond: number;
  readonly updatedPerSecond: number;
  readonly updatedBarePerSecond: number;
}

/** As the scheduler publishes and fires, and the executor claims. */
const BATCH = 500;
const CONSUME_MS_MAX = 60_000;
const NOW = Date.UTC(2_026, 0, 1);

const sampleJob = (index: number) =>
  benchJob(index, { name: "bench", handler: "noop", schedule: { at: new Date(NOW).toISOString() } }, NOW);
const makeId = (index: number): string =>
  makeRunId(sha256, { jobUid: sampleJob(index).uid, cause: "schedule", scheduledFor: NOW, key: null });

export async function measureRawLimits(servers: BenchServers, atLeast: number): Promise<RawLimits> {
  const count = Math.ceil(atLeast / BATCH) * BATCH;
  const broker = await rawBroker(servers, count);
  const indexed = await rawStore(servers.storeUrl, count, true);
  const bare = await rawStore(servers.storeUrl, count, false);
  return {
    ...broker,
    insertedPerSecond: indexed.inserted,
    updatedPerSecond: indexed.updated,
    insertedBarePerSecond: bare.inserted,
    updatedBarePerSecond: bare.updated,
  };
}

const perSecond = (count: number, sinceMs: number): number => (count / (performance.now() - sinceMs)) * 1_000;

/** `JobDue` messages into a topic of as many partitions as ours have, and out of it again with offsets committed. */
async function rawBroker({ busUrl, registryUrl }: BenchServers, count: number) {
  const log = createLogger("error");
  const kafka = createKafkaClient({ address: parseKafkaUrl(busUrl), clientId: "bench", log, requestMs: 30_000, retries: 5 });
  const topic = `bench.raw.${Date.now()}`;
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 12 }] });
  const events = Array.from({ length: BATCH }, (_, index) => {
    const run = firstDueRun(sampleJob(index), { runId: makeId(index), cause: "schedule", scheduledFor: NOW });
    return jobDue(run, NOW);
  });
  const codec = registryUrl === null ? jsonCodec : await openRegistryCodec({ url: registryUrl, clock: systemClock, log });
  const messages = codec.encode(events) as readonly OutMessage[]; // Values are text, or the Buffers of the codec.
  const messageBytes = Math.round(
    messages.reduce((sum, { value, headers }) => sum + byteSize(value) + byteSize(JSON.stringify(headers)), 0) / BATCH,
  );
  const senders = createSenders({ kafka, log, compressed: false });
  await senders.send(topic, messages); // The first connects.
  const producingMs = performance.now();
  for (let sent = 0; sent < count; sent += BATCH) await senders.send(topic, messages);
  const producedPerSecond = perSecond(count, producingMs);
  await senders.close();

  const consumer = kafka.consumer({ groupId: topic, maxBytesPerPartition: 1_048_576, maxBytes: 4 * 1_048_576, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const all = Promise.withResolvers<number>();
  let consumed = 0;
  let consumingMs = performance.now();
  consumer.on(consumer.events.GROUP_JOIN, () => (consumingMs = performance.now())); // Joining a group is no limit of the broker.
  await consumer.run({
    autoCommit: false,
    eachBatch({ batch }) {
      consumed += batch.messages.length;
      if (consumed >= count) all.resolve(perSecond(consumed, consumingMs));
      return Promise.resolve();
    },
  });
  const timer = setTimeout(
    () => all.reject(new Error(`${consumed} of ${count} messages came within ${CONSUME_MS_MAX} ms`)),
    CONSUME_MS_MAX,
  );
  const consumedPerSecond = await all.promise.finally(() => clearTimeout(timer));
  await consumer.disconnect();
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  return { messageBytes, producedPerSecond, consumedPerSecond };
}

const byteSize = (value: unknown): number => (value === null || value === undefined ? 0 : Buffer.byteLength(value as string | Buffer));

/** Rows of runs, inserted and then changed as a claim changes them, in batches one after another; with our indexes, or with none. */
async function rawStore(
  storeUrl: string,
  count: number,
  indexed: boolean,
): Promise<{ readonly inserted: number; readonly updated: number }> {
  const connection = await connect({ url: withDatabase(storeUrl, `bench_raw_${Date.now()}`) });
  try {
    const collection = connection.collection<RunRow>("runs");
    if (indexed) await collection.createIndexes((INDEXES["runs"] ?? []).map((index) => ({ ...index, key: { ...index.key } })));
    const rows = Array.from({ length: count + BATCH }, (_, index) => makeRow(index));
    const batches = Array.from({ length: count / BATCH + 1 }, (_, place) => rows.slice(place * BATCH, (place + 1) * BATCH));
    const insert = (batch: readonly RunRow[]) => collection.insertMany([...batch], { ordered: false });
    const update = (batch: readonly RunRow[]) =>
      collection.updateMany(
        { _id: { $in: batch.map(({ _id }) => _id) }, state: { $eq: "due" }, attempt: { $eq: 1 } },
        {
          $set: { state: "running", token: "0123456789abcdef01234567", leaseMs: 15_000, startedAt: NOW, wakeAt: NOW + 15_000 },
          $unset: { standing: "" },
        },
      );
    const [first = [], ...rest] = batches;
    await insert(first);
    const insertingMs = performance.now();
    for (const batch of rest) await insert(batch);
    const inserted = perSecond(count, insertingMs);
    await update(first);
    const updatingMs = performance.now();
    for (const batch of rest) await update(batch);
    return { inserted, updated: perSecond(count, updatingMs) };
  } finally {
    await connection.dropDatabase();
    await connection.close();
  }
}

function makeRow(index: number): RunRow {
  const job = sampleJob(index);
  const origin = { ...toRunOrigin(job), definitionHash: job.definitionHash };
  return newRunRow(makeId(index), origin, { ...scheduledEntry(job, NOW), firedAt: NOW, token: "t" });
}
