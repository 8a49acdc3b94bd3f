import type { Admin } from "kafkajs";
import type { Clock } from "../../../ports/clock.ts";
import { createLoop, type Loop } from "../../../runtime/service/loop.ts";
import type { Logger } from "../../../runtime/log/logger.ts";
import type { BusMetrics } from "../bus-metrics.ts";
import type { KafkaSubscription } from "./subscription.ts";

export interface LagWatchOptions {
  readonly admin: Admin;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: BusMetrics;
  readonly everyMs: number;
  /** Those whose lag means something: groups that are shared, and last. */
  readonly subscriptions: () => readonly KafkaSubscription[];
}

/**
 * Reads the lag of each group from the brokers, also the lag of a paused or hanging consumer. Each topic is
 * read by itself: one whose broker does not answer does not hide the lag of others.
 */
export const createLagWatch = ({ admin, clock, log, metrics, everyMs, subscriptions }: LagWatchOptions): Loop =>
  createLoop({
    name: "consumer lag",
    clock,
    log,
    async runOnce() {
      const readings = subscriptions().flatMap(({ group, assigned }) =>
        [...assigned].map(([topic, partitions]): Reading => ({ group, topic, partitions })),
      );
      const read = async (reading: Reading): Promise<void> =>
        metrics.lag.set({ topic: reading.topic, group: reading.group }, await readLag(admin, reading));
      const failed = (await Promise.allSettled(readings.map(read))).find(({ status }) => status === "rejected");
      if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
      return everyMs;
    },
  });

interface Reading {
  readonly group: string;
  readonly topic: string;
  readonly partitions: readonly number[];
}

async function readLag(admin: Admin, { group, topic, partitions }: Reading): Promise<number> {
  const ends = await admin.fetchTopicOffsets(topic);
  const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
  const positions = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  let lag = 0;
  for (const { partition, high, low } of ends) {
    if (!partitions.includes(partition)) continue;
    // Nothing committed, or what retention has taken since: it begins with what is left.
    lag += Math.max(0, Number(high) - Math.max(positions.get(partition) ?? 0, Number(low)));
  }
  return lag;
}
