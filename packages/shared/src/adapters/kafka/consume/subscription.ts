import type { Admin, Consumer, Kafka } from "kafkajs";
import type { AppError } from "../../../domain/app-error.ts";
import type { EventCodec } from "../../../events/wire/event-codec.ts";
import type { SubscribeRequest, Subscription } from "../../../ports/bus.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Logger } from "../../../runtime/log/logger.ts";
import { within } from "../../../runtime/within.ts";
import { createDeadLetterQueue } from "./dead-letter-queue.ts";
import { busFault } from "../bus-fault.ts";
import { createCommitter, type Committer } from "./committer.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { createFetching } from "./fetching.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { createSupervisor } from "./supervisor.ts";
import { createTakeBatch } from "./take-batch.ts";

export interface SubscriptionOptions {
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly log: Logger;
  readonly request: SubscribeRequest;
  readonly limits: ConsumerLimits;
  readonly sendDead: (letters: readonly DeadLetter[]) => Promise<void>;
  readonly onDead: (fault: AppError) => void;
}

export interface ConsumerLimits {
  /** A member without a heartbeat for this long loses its partitions to the others, in milliseconds. */
  readonly sessionMs: number;
  /** Longest wait for one answer of a broker, in milliseconds. */
  readonly answerMs: number;
  /** Most events in one batch. */
  readonly batchEventsMax: number;
  /** Messages fetched ahead of their delivery; beyond it fetching stops. */
  readonly inboxMessagesMax: number;
  /** The same in bytes. */
  readonly inboxBytesMax: number;
}

/** A subscription, and which partitions it reads at present. */
export interface KafkaSubscription extends Subscription {
  readonly group: string;
  /** By topic; empty while the group is being joined. */
  readonly assigned: ReadonlyMap<string, readonly number[]>;
}

/** A fetch waits so long for the first message; resuming may take as long, and stopping. */
const FETCH_WAIT_MS = 500;
const PARTITION_BYTES_MAX = 1_048_576;
const FETCH_BYTES_MAX = 4 * 1_048_576;
/** Longest time until a new member reads: joining waits for the other members' next heartbeat. */
const JOIN_MS_MAX = 60_000;

export async function openSubscription(options: SubscriptionOptions): Promise<KafkaSubscription> {
  const { kafka, codec, clock, log, request, limits, sendDead } = options;
  const consumer = kafka.consumer({
    groupId: request.group,
    sessionTimeout: limits.sessionMs,
    heartbeatInterval: Math.floor(limits.sessionMs / 10),
    rebalanceTimeout: limits.sessionMs,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    maxBytesPerPartition: PARTITION_BYTES_MAX,
    maxBytes: FETCH_BYTES_MAX,
    allowAutoTopicCreation: false,
  });
  const inbox = createInbox({ messagesMax: limits.inboxMessagesMax, bytesMax: limits.inboxBytesMax });
  const assigned = new Map<string, readonly number[]>();
  const committer = createCommitter({
    clock,
    log,
    commit: (positions) => consumer.commitOffsets(positions.filter(({ topic, partition }) => assigned.get(topic)?.includes(partition))),
  });
  const deadLetters = createDeadLetterQueue({
    clock,
    log,
    send: sendDead,
    onDone: committer.mark,
    onRoom: () => delivery.wake(),
  });
  const take = createTakeBatch({ log, codec, request });
  const delivery: Delivery = createDelivery({ clock, inbox, take, deadLetters, batchEventsMax: limits.batchEventsMax });
  const fetching = createFetching({ consumer, clock, topics: request.topics, inbox, onFetched: delivery.wake });
  const parts: Parts = { consumer, inbox, assigned, committer, delivery, fetching };
  const watched = watch(options, parts);
  const stop = (): Promise<void> => {
    watched.stop(); // First of all: from now on silence is what is wanted.
    return end(options, parts);
  };
  try {
    await begin(options, parts, watched);
  } catch (cause) {
    await stop();
    throw busFault(`subscribe ${request.group} to ${request.topics.join(", ")}`, cause);
  }
  let stopping: Promise<void> | null = null;
  return {
    group: request.group,
    assigned,
    pause: delivery.pause,
    resume: delivery.resume,
    stop: () => (stopping ??= stop()),
  };
}

interface Parts {
  readonly consumer: Consumer;
  readonly inbox: Inbox;
  readonly assigned: Map<string, readonly number[]>;
  readonly committer: Committer;
  readonly delivery: Delivery;
  readonly fetching: ReturnType<typeof createFetching>;
}

interface Watch {
  /** Resolves with the first fetch: from then on nothing that is published is missed. Rejects when it never comes. */
  readonly reading: Promise<void>;
  stop(): void;
}

function watch({ kafka, clock, log, request, limits, onDead }: SubscriptionOptions, parts: Parts): Watch {
  const { consumer, inbox, assigned, committer, delivery } = parts;
  const reading = Promise.withResolvers<void>();
  let opened = false;
  const supervisor = createSupervisor({
    clock,
    log,
    group: request.group,
    sessionMs: limits.sessionMs,
    answerMs: limits.answerMs,
    brokerAnswers: () => brokerAnswers(kafka),
    onDead: (fault) => (opened ? onDead(fault) : reading.reject(fault)),
  });
  consumer.on(consumer.events.HEARTBEAT, supervisor.alive);
  consumer.on(consumer.events.REBALANCING, () => void committer.flush());
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    supervisor.alive();
    // What is not committed is fetched again, here or by the present owner of the partition.
    inbox.clear();
    committer.clear();
    delivery.abandon();
    assigned.clear();
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) assigned.set(topic, partitions);
  });
  consumer.on(consumer.events.FETCH, () => {
    opened = true;
    reading.resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (restart) log.warn({ err: error, group: request.group }, "a consumer is being restarted");
    else supervisor.crashed(error);
  });
  return { reading: reading.promise, stop: supervisor.stop };
}

async function begin({ clock, request }: SubscriptionOptions, parts: Parts, { reading }: Watch): Promise<void> {
  const { consumer, delivery, fetching } = parts;
  await consumer.connect();
  await consumer.subscribe({ topics: [...request.topics], fromBeginning: request.from === "beginning" });
  delivery.start();
  await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: fetching.eachBatch });
  const late = (): Error => new Error(`nothing could be read within ${JOIN_MS_MAX} ms`);
  await within(reading, { clock, ms: JOIN_MS_MAX, late });
}

/** First the batch in hand, then what it says, then the connection. */
async function end({ admin, request, log }: SubscriptionOptions, parts: Parts): Promise<void> {
  const { consumer, inbox, committer, delivery, fetching } = parts;
  fetching.stop();
  await delivery.stop();
  await committer.flush();
  inbox.clear();
  await consumer.disconnect().catch((fault: unknown) => log.debug({ err: fault, group: request.group }, "a consumer ended badly"));
  // A group of one instance has no more use; one with other members is refused, and stays.
  if (request.from === "end") await admin.deleteGroups([request.group]).catch(() => []);
}

async function brokerAnswers(kafka: Kafka): Promise<boolean> {
  const probe = kafka.admin({ retry: { retries: 0 } });
  try {
    await probe.connect();
    await probe.describeCluster();
    return true;
  } catch {
    return false; // That is the answer.
  } finally {
    await probe.disconnect().catch(() => undefined);
  }
}
