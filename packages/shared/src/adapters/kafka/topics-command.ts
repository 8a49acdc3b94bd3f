import kafkajs, { type Admin } from "kafkajs"; // Node finds not all names of this package.
import type { Logger } from "../../runtime/log/logger.ts";
import { systemClock } from "../system/clock.ts";
import { BROKER_BACKOFF, busFault } from "./bus-fault.ts";
import { isDeadTopic } from "./consume/dead-letters.ts";
import { createKafkaClient } from "./client/kafka-client.ts";
import { parseKafkaUrl, type KafkaSecurity } from "./client/kafka-url.ts";
import { createBackoff } from "../../runtime/backoff.ts";
import type { TopicPlan } from "./topic-plan.ts";

export interface TopicsCommandOptions {
  readonly url: string;
  readonly security?: KafkaSecurity | undefined;
  readonly clientId: string;
  readonly log: Logger;
  readonly topics: readonly TopicPlan[];
}

/** What was done with one topic, or what a person has to decide. */
export interface TopicOutcome {
  readonly topic: string;
  /** `differs`: what cannot be changed without harm is left as it is, and `note` says what it is. */
  readonly kind: "created" | "extended" | "unchanged" | "differs";
  readonly note: string;
}

const REQUEST_MS = 30_000;
const RETRIES = 5;

/** So that a topic's limit of size counts what its readers will have: a megabyte of what others compress may become a gigabyte. */
const KEPT_PLAIN = "uncompressed";
/** A dead letter that came compressed may fit in no other way. */
const KEPT_AS_SENT = "producer";

/** Makes the topics that are missing and adds partitions that are missing. Safe to repeat, and from several places at once. */
export async function ensureTopics({ url, security, clientId, log, topics }: TopicsCommandOptions): Promise<readonly TopicOutcome[]> {
  const kafka = createKafkaClient({ address: parseKafkaUrl(url, security), clientId, log, requestMs: REQUEST_MS, retries: RETRIES });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !existing.has(name));
    await create(admin, missing);
    const created = missing.map(({ name }): TopicOutcome => ({ topic: name, kind: "created", note: "" }));
    return [
      ...created,
      ...(await adapt(
        admin,
        topics.filter(({ name }) => existing.has(name)),
      )),
    ];
  } catch (cause) {
    throw busFault("make topics", cause);
  } finally {
    await admin.disconnect();
  }
}

async function create(admin: Admin, topics: readonly TopicPlan[]): Promise<void> {
  if (topics.length === 0) return;
  await admin.createTopics({
    waitForLeaders: true,
    topics: topics.map(({ name, partitions, replicas, retentionMs }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries: [
        { name: "retention.ms", value: String(retentionMs) },
        { name: "compression.type", value: isDeadTopic(name) ? KEPT_AS_SENT : KEPT_PLAIN },
      ],
    })),
  });
}

async function adapt(admin: Admin, topics: readonly TopicPlan[]): Promise<readonly TopicOutcome[]> {
  if (topics.length === 0) return [];
  const counts = await partitionCounts(admin, topics);
  const retentions = await readRetentions(admin, topics);
  const short = topics.filter(({ name, partitions }) => (counts.get(name) ?? 0) < partitions);
  const had = new Map(counts);
  for (const plan of short) if (!(await extend(admin, plan))) had.set(plan.name, await countWhenKnown(admin, plan));
  return topics.map((plan) => toOutcome(plan, had.get(plan.name) ?? 0, retentions.get(plan.name)));
}

/** False: it has as many already. What a broker says of a topic may be older than what was made of it, here or by another process. */
async function extend(admin: Admin, { name, partitions }: TopicPlan): Promise<boolean> {
  try {
    await admin.createPartitions({ topicPartitions: [{ topic: name, count: partitions }] });
    return true;
  } catch (fault) {
    if (fault instanceof Error && "type" in fault && fault.type === "INVALID_PARTITIONS") return false;
    throw fault;
  }
}

/** Asks until the broker knows the partitions that there are. */
async function countWhenKnown(admin: Admin, plan: TopicPlan): Promise<number> {
  const pause = createBackoff(systemClock, BROKER_BACKOFF);
  for (let tries = 1; ; tries += 1) {
    const count = (await partitionCounts(admin, [plan])).get(plan.name) ?? 0;
    if (count >= plan.partitions || tries > RETRIES) return count;
    await pause.wait(tries);
  }
}

/** Retention is not altered: kafkajs can only replace all settings of a topic at once, also those that others made. */
function toOutcome({ name, partitions, retentionMs }: TopicPlan, had: number, retention: string | undefined): TopicOutcome {
  const notes = [
    ...(had < partitions ? [`${had} partitions became ${partitions}`] : []),
    ...(had > partitions ? [`it has ${had} partitions, and none can be taken away`] : []),
    ...(retention !== String(retentionMs) ? [`its retention.ms is ${retention}, not ${retentionMs}: change it with kafka-configs`] : []),
  ];
  const differs = had > partitions || retention !== String(retentionMs);
  return { topic: name, kind: differs ? "differs" : had < partitions ? "extended" : "unchanged", note: notes.join("; ") };
}

async function partitionCounts(admin: Admin, topics: readonly TopicPlan[]): Promise<ReadonlyMap<string, number>> {
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
  return new Map(found.map(({ name, partitions }) => [name, partitions.length]));
}

async function readRetentions(admin: Admin, topics: readonly TopicPlan[]): Promise<ReadonlyMap<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ["retention.ms"] })),
  });
  return new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries[0]?.configValue ?? "unknown"]));
}
