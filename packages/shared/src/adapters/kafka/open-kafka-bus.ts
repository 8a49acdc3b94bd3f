import type { Admin, Kafka } from "kafkajs";
import { AppError } from "../../domain/app-error.ts";
import { jsonCodec } from "../../events/wire/json-codec.ts";
import type { EventCodec } from "../../events/wire/event-codec.ts";
import type { Bus, SubscribeRequest } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { busFault, closedFault } from "./bus-fault.ts";
import type { BusMetrics } from "./bus-metrics.ts";
import { createBury, deadTopic } from "./dead-letters.ts";
import { createKafkaClient } from "./kafka-client.ts";
import { parseKafkaUrl, type KafkaSecurity } from "./kafka-url.ts";
import { createLagWatch } from "./lag-watch.ts";
import { createSender, type OutMessage, type Sender } from "./sender.ts";
import { openSubscription, type ConsumerLimits, type KafkaSubscription } from "./subscription.ts";

export interface KafkaBusOptions {
  /** `kafka://user:pass@host:9092,host2:9092?ssl=true&mechanism=scram-sha-512`. */
  readonly url: string;
  /** What the URL need not say. */
  readonly security?: KafkaSecurity | undefined;
  /** A Confluent-compatible registry: with it events are Avro, without it JSON. */
  readonly registryUrl?: string | undefined;
  /** How brokers and their logs name this process. */
  readonly clientId: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Called once, when a consumer of this process is dead and does not come back by itself: the process must end. */
  readonly onDead: (fault: AppError) => void;
  readonly metrics?: BusMetrics | undefined;
  readonly limits?: Partial<ConsumerLimits> | undefined;
  /** How often the lag is asked for, in milliseconds. Default 10,000. */
  readonly lagEveryMs?: number | undefined;
}

/** Long enough for a pause of the process, short enough that others take over within a lease. */
const SESSION_MS = 10_000;
const BATCH_EVENTS_MAX = 1_000;
const INBOX_MESSAGES_MAX = 4_000;
const LAG_EVERY_MS = 10_000;
/** A lost answer to a produce request is noticed after this; consumers wait longer, since joining a group takes its time. */
const PRODUCE_MS_MAX = 10_000;
const CONSUME_MS_MAX = 30_000;
const PRODUCE_RETRIES = 3;
const CONSUME_RETRIES = 8;

/** Rejects with `bad_config` for a URL that cannot be used, and with `bus_unavailable` where nobody answers. */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { clientId, log } = options;
  const address = parseKafkaUrl(options.url, options.security);
  const producing = createKafkaClient({ address, clientId, log, requestMs: PRODUCE_MS_MAX, retries: PRODUCE_RETRIES });
  const consuming = createKafkaClient({ address, clientId, log, requestMs: CONSUME_MS_MAX, retries: CONSUME_RETRIES });
  const admin = consuming.admin({ retry: { retries: PRODUCE_RETRIES } });
  await admin.connect().catch((cause: unknown) => {
    throw busFault(`connect to Kafka at ${address.brokers.join(", ")}`, cause);
  });
  try {
    return createKafkaBus({ ...options, producing, consuming, admin, codec: await codecOf(options) });
  } catch (fault) {
    await admin.disconnect();
    throw fault;
  }
}

async function codecOf({ registryUrl, clock, log }: KafkaBusOptions): Promise<EventCodec> {
  if (registryUrl === undefined) return jsonCodec;
  const { openRegistryCodec } = await import("../registry/registry-codec.ts"); // Only where it is asked for.
  return openRegistryCodec({ url: registryUrl, clock, log });
}

interface KafkaBusParts extends KafkaBusOptions {
  readonly producing: Kafka;
  readonly consuming: Kafka;
  readonly admin: Admin;
  readonly codec: EventCodec;
}

function createKafkaBus(parts: KafkaBusParts): Bus {
  const { producing, consuming, admin, codec, clock, log, metrics, onDead } = parts;
  const limits: ConsumerLimits = {
    sessionMs: SESSION_MS,
    batchEventsMax: BATCH_EVENTS_MAX,
    inboxMessagesMax: INBOX_MESSAGES_MAX,
    ...parts.limits,
  };
  const senders = new Map<string, Sender>();
  const subscriptions = new Set<KafkaSubscription>();
  const shared = new Set<KafkaSubscription>();
  const lagWatch =
    metrics === undefined
      ? null
      : createLagWatch({ admin, clock, log, metrics, everyMs: parts.lagEveryMs ?? LAG_EVERY_MS, subscriptions: () => [...shared] });
  let closing: Promise<void> | null = null;

  /** One a topic, with a connection of its own: a topic that is missing or slow holds up no other. */
  function senderTo(topic: string): Sender {
    const sender = senders.get(topic) ?? createSender({ kafka: producing, topic, log });
    senders.set(topic, sender);
    return sender;
  }
  const send = (topic: string, messages: readonly OutMessage[]): Promise<void> => senderTo(topic).send(messages);

  async function subscribe(request: SubscribeRequest): Promise<KafkaSubscription> {
    await checkTopics(admin, request.topics);
    const bury = createBury({ group: request.group, ownGroup: request.from === "end", log, metrics, send });
    const subscription = await openSubscription({ kafka: consuming, admin, codec, clock, log, request, limits, bury, onDead });
    if (closing !== null) {
      await subscription.stop();
      throw closedFault(`subscribe ${request.group}`);
    }
    subscriptions.add(subscription);
    if (request.from === "beginning") shared.add(subscription);
    return subscription;
  }
  async function stop(subscription: KafkaSubscription): Promise<void> {
    await subscription.stop();
    subscriptions.delete(subscription);
    shared.delete(subscription);
  }
  async function closeAll(): Promise<void> {
    await lagWatch?.stop();
    await Promise.all([...subscriptions].map(stop));
    await Promise.all([...senders.values()].map((sender) => sender.close()));
    await admin.disconnect();
  }
  void lagWatch?.start();
  return {
    async publish(topic, events) {
      if (closing !== null) throw closedFault(`publish to ${topic}`);
      await send(topic, codec.encode(events) as readonly OutMessage[]); // Values are text, or the Buffers of the codec.
    },
    async subscribe(request) {
      if (closing !== null) throw closedFault(`subscribe ${request.group}`);
      const subscription = await subscribe(request);
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
