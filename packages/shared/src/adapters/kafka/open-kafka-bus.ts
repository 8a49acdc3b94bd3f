import type { AppError } from "../../domain/app-error.ts";
import type { EventCodec } from "../../events/wire/event-codec.ts";
import { createJsonOnlyCodec } from "../../events/wire/json-only-codec.ts";
import type { Bus } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { busFault } from "./bus-fault.ts";
import type { BusMetrics } from "./bus-metrics.ts";
import { createKafkaBus } from "./kafka-bus.ts";
import { createKafkaClient } from "./client/kafka-client.ts";
import { parseKafkaUrl, type KafkaSecurity } from "./client/kafka-url.ts";
import type { ConsumerLimits } from "./consume/subscription.ts";

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
/** So long a lost answer goes unnoticed. */
const PRODUCE_MS_MAX = 10_000;
const PRODUCE_RETRIES = 3;
const CONSUME_RETRIES = 8;

/** Rejects with `bad_config` for a URL that cannot be used, and with `bus_unavailable` where nobody answers. */
export async function openKafkaBus(options: KafkaBusOptions): Promise<Bus> {
  const { clientId, log } = options;
  const address = parseKafkaUrl(options.url, options.security);
  const producing = createKafkaClient({ address, clientId, log, requestMs: options.produceMs ?? PRODUCE_MS_MAX, retries: PRODUCE_RETRIES });
  const limits = { ...LIMITS, ...options.limits };
  const consuming = createKafkaClient({ address, clientId, log, requestMs: limits.answerMs, retries: CONSUME_RETRIES });
  const admin = consuming.admin({ retry: { retries: PRODUCE_RETRIES } });
  await admin.connect().catch((cause: unknown) => {
    throw busFault(`connect to Kafka at ${address.brokers.join(", ")}`, cause);
  });
  try {
    const { metrics, lagEveryMs = LAG_EVERY_MS } = options;
    return createKafkaBus({ ...options, producing, consuming, admin, codec: await codecOf(options), limits, metrics, lagEveryMs });
  } catch (fault) {
    await admin.disconnect();
    throw fault;
  }
}

async function codecOf({ registryUrl, clock, log }: KafkaBusOptions): Promise<EventCodec> {
  if (registryUrl === undefined) return createJsonOnlyCodec();
  const { openRegistryCodec } = await import("../registry/registry-codec.ts"); // Only where it is asked for.
  return openRegistryCodec({ url: registryUrl, clock, log });
}
