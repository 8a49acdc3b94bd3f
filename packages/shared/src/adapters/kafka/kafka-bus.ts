import type { Admin, Kafka } from "kafkajs";
import { AppError } from "../../domain/app-error.ts";
import type { EventCodec } from "../../events/wire/event-codec.ts";
import type { Bus, SubscribeRequest } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { busFault, closedFault } from "./bus-fault.ts";
import type { BusMetrics } from "./bus-metrics.ts";
import { createBury, deadTopic } from "./dead-letters/dead-letters.ts";
import { createLagWatch } from "./consume/lag-watch.ts";
import { createSenders } from "./publish/senders.ts";
import type { OutMessage } from "./publish/sender.ts";
import { openSubscription, type ConsumerLimits, type KafkaSubscription } from "./consume/subscription.ts";

export interface KafkaBusParts {
  readonly producing: Kafka;
  readonly consuming: Kafka;
  readonly admin: Admin;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: ConsumerLimits;
  readonly metrics: BusMetrics | undefined;
  readonly lagEveryMs: number;
  readonly onDead: (fault: AppError) => void;
}

/** The bus, over connections that are open. Closing it closes them. */
export function createKafkaBus(parts: KafkaBusParts): Bus {
  const { producing, admin, codec, clock, log, metrics, lagEveryMs } = parts;
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
      const bury = createBury({ group: request.group, ownGroup: request.from === "end", log, metrics, send: deadSenders.send });
      const subscription = await openSubscription({ ...parts, kafka: parts.consuming, request, bury });
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
