import type { Admin } from "kafkajs";
import type { Clock } from "../../ports/clock.ts";
import { createLoop, type Loop } from "../../runtime/loop.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { BusMetrics } from "./bus-metrics.ts";
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

/** Asks the brokers how far each group is behind. What a paused or stuck consumer does not see itself is seen here. */
export const createLagWatch = ({ admin, clock, log, metrics, everyMs, subscriptions }: LagWatchOptions): Loop =>
  createLoop({
    name: "consumer lag",
    clock,
    log,
    async runOnce() {
      for (const { group, assigned } of subscriptions()) {
        for (const [topic, partitions] of assigned) {
          metrics.lag.set({ topic, group }, await lagOf(admin, { group, topic, partitions }));
        }
      }
      return everyMs;
    },
  });

interface Reading {
  readonly group: string;
  readonly topic: string;
  readonly partitions: readonly number[];
}

async function lagOf(admin: Admin, { group, topic, partitions }: Reading): Promise<number> {
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
