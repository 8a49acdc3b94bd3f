import type { Admin, Kafka } from "kafkajs";
import { AppError } from "../../domain/app-error.ts";
import type { EventCodec } from "../../events/wire/event-codec.ts";
import { createJsonOnlyCodec } from "../../events/wire/json-only-codec.ts";
import type { Bus, SubscribeRequest } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../runtime/log/logger.ts";
import { busFault, closedFault } from "./bus-fault.ts";
import type { BusMetrics } from "./bus-metrics.ts";
import { createKafkaClient } from "./client/kafka-client.ts";
import { parseKafkaUrl, type KafkaSecurity } from "./client/kafka-url.ts";
import { createDeadLetterSender, deadTopic } from "./consume/dead-letters.ts";
import { createLagWatch } from "./consume/lag-watch.ts";
import { openSubscription, type ConsumerLimits, type KafkaSubscription } from "./consume/subscription.ts";
import { createSenders, type OutMessage } from "./sender.ts";

export interface KafkaBusOptions {
  /** `kafka://user:pass@host:9092,host2:9092?ssl=true&mechanism=scram-sha-512`. */
  readonly url: string;
  /** Security settings that are not in the URL. */
  readonly security?: KafkaSecurity | undefined;
  /** A Confluent-compatible registry: with it events are Avro, without it JSON. */
  readonly registryUrl?: string | undefined;
  /** How brokers and their logs name this process. */
  readonly clientId: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Called once, when a consumer of this process has failed and does not recover by itself: the process must end. */
  readonly onDead: (fault: AppError) => void;
  readonly metrics?: BusMetrics | undefined;
  readonly limits?: Partial<ConsumerLimits> | undefined;
  /** Longest wait for one answer to a produce request, in milliseconds. Default 10,000. */
  readonly produceMs?: number | undefined;
  /** How often the lag is asked for, in milliseconds. Default 10,000. */
  readonly lagEveryMs?: number | undefined;
}

/** Consumers wait longer than producers, since joining a group takes its time. */
const CONSUME_MS_MAX = 30_000;

const LIMITS: ConsumerLimits = {
  sessionMs: 10_000, // Long enough for a pause of the process, short enough that others take over within a lease.
  answerMs: CONSUME_MS_MAX,
  batchEventsMax: 1_000,
  inboxMessagesMax: 4_000,
  inboxBytesMax: 16_777_216,
};
const LAG_EVERY_MS = 10_000;
/** The time until a lost answer is noticed. */
const PRODUCE_MS_MAX = 10_000;
const PRODUCE_RETRIES = 3;
const CONSUME_RETRIES = 8;

/** Rejects with `bad_config` for a URL that cannot be used, and with `bus_unavailable` where no broker answers. */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { clientId, log, produceMs = PRODUCE_MS_MAX } = options;
  const address = parseKafkaUrl(options.url, options.security);
  const producing = createKafkaClient({ address, clientId, log, requestMs: produceMs, retries: PRODUCE_RETRIES });
  const limits = { ...LIMITS, ...options.limits };
  const consuming = createKafkaClient({ address, clientId, log, requestMs: limits.answerMs, retries: CONSUME_RETRIES });
  const admin = consuming.admin({ retry: { retries: PRODUCE_RETRIES } });
  await admin.connect().catch((cause: unknown) => {
    throw busFault(`connect to Kafka at ${address.brokers.join(", ")}`, cause);
  });
  try {
    const codec = await openCodec(options);
    return createKafkaBus(options, { producing, consuming, admin, codec, limits });
  } catch (fault) {
    await admin.disconnect();
    throw fault;
  }
}

async function openCodec({ registryUrl, clock, log }: KafkaBusOptions): Promise<EventCodec> {
  if (registryUrl === undefined) return createJsonOnlyCodec();
  const { openRegistryCodec } = await import("../registry/registry-codec.ts"); // Only where it is asked for.
  return openRegistryCodec({ url: registryUrl, clock, log });
}

interface Connections {
  readonly producing: Kafka;
  readonly consuming: Kafka;
  readonly admin: Admin;
  readonly codec: EventCodec;
  readonly limits: ConsumerLimits;
}

/** The bus, over connections that are open. Closing it closes them. */
function createKafkaBus({ clock, log, metrics, onDead, lagEveryMs = LAG_EVERY_MS }: KafkaBusOptions, connections: Connections): Bus {
  const { producing, consuming, admin, codec, limits } = connections;
  const senders = createSenders({ kafka: producing, log, compressed: false });
  const deadSenders = createSenders({ kafka: producing, log, compressed: true });
  const subscriptions = new Map<KafkaSubscription, SubscribeRequest["from"]>();
  const lasting = (): KafkaSubscription[] =>
    [...subscriptions].flatMap(([subscription, from]) => (from === "beginning" ? [subscription] : []));
  const lagWatch =
    metrics === undefined ? null : createLagWatch({ admin, clock, log, metrics, everyMs: lagEveryMs, subscriptions: lasting });
  let closing: Promise<void> | null = null;

  async function stop(subscription: KafkaSubscription): Promise<void> {
    await subscription.stop();
    subscriptions.delete(subscription);
  }
  async function closeAll(): Promise<void> {
    await lagWatch?.stop();
    await Promise.all([...subscriptions.keys()].map(stop));
    await senders.close();
    await deadSenders.close();
    await admin.disconnect();
  }
  void lagWatch?.start();
  return {
    async publish(topic, events) {
      if (closing !== null) throw closedFault(`publish to ${topic}`);
      await senders.send(topic, codec.encode(events) as readonly OutMessage[]); // Values are text, or the Buffers of the codec.
    },
    async subscribe(request) {
      if (closing !== null) throw closedFault(`subscribe ${request.group}`);
      await checkTopics(admin, request.topics);
      const sendDead = createDeadLetterSender({
        group: request.group,
        ownGroup: request.from === "end",
        log,
        metrics,
        send: deadSenders.send,
      });
      const subscription = await openSubscription({ kafka: consuming, admin, codec, clock, log, limits, onDead, request, sendDead });
      subscriptions.set(subscription, request.from);
      if (closing !== null) {
        await stop(subscription);
        throw closedFault(`subscribe ${request.group}`);
      }
      return { pause: subscription.pause, resume: subscription.resume, stop: () => stop(subscription) };
    },
    close: () => (closing ??= closeAll()),
  };
}

/** Topics are made by the `topics` command and by nothing else, so that partitions and retention are what was asked for. */
async function checkTopics(admin: Admin, topics: readonly string[]): Promise<void> {
  const existing = new Set(await admin.listTopics().catch((cause: unknown) => Promise.reject(busFault("list topics", cause))));
  const missing = topics.flatMap((topic) => [topic, deadTopic(topic)]).filter((topic) => !existing.has(topic));
  if (missing.length > 0)
    throw new AppError("bus_unavailable", `no topic ${missing.join(", ")}: run the topics command`, { retryable: true });
}
