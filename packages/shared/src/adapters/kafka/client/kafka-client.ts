import { Kafka, logLevel, type LogEntry } from "kafkajs";
import type { Logger } from "../../../runtime/log/logger.ts";
import { registerCompressions } from "./compression.ts";
import { containIdleWakeUps } from "./idle-wake-ups.ts";
import type { KafkaAddress } from "./kafka-url.ts";
import { containHeaders } from "./message-headers.ts";

export interface KafkaClientOptions {
  readonly address: KafkaAddress;
  readonly clientId: string;
  readonly log: Logger;
  /** Longest wait for one answer of a broker, in milliseconds. */
  readonly requestMs: number;
  /** Times a request is tried again, with growing pauses, before it is given up. */
  readonly retries: number;
}

const CONNECT_MS = 5_000;
const RETRY_FIRST_MS = 100;
const RETRY_MS_MAX = 2_000;

export function createKafkaClient({ address, clientId, log, requestMs, retries }: KafkaClientOptions): Kafka {
  containIdleWakeUps();
  containHeaders();
  registerCompressions();
  return new Kafka({
    brokers: [...address.brokers],
    ssl: address.ssl,
    ...(address.sasl !== null && { sasl: address.sasl }),
    clientId,
    connectionTimeout: CONNECT_MS,
    requestTimeout: requestMs,
    retry: { initialRetryTime: RETRY_FIRST_MS, maxRetryTime: RETRY_MS_MAX, retries },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => tell(log, entry),
  });
}

/** kafkajs recovers from most of its errors by itself, and its warnings are routine: a group that rebalances. */
function tell(log: Logger, { level, namespace, log: { message, ...fields } }: LogEntry): void {
  const entry = {
    from: `kafkajs ${namespace}`,
    groupId: fields["groupId"],
    broker: fields["broker"],
    topic: fields["topic"],
    err: fields["error"],
  };
  if (level === logLevel.ERROR) log.warn(entry, message);
  else log.debug(entry, message);
}
