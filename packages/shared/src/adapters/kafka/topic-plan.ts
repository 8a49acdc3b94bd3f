import { COMMANDS_TOPIC, CONTROL_TOPIC, dueTopic, JOBS_TOPIC, REPLIES_TOPIC, REPORTS_TOPIC, RUNS_TOPIC } from "../../events/topics.ts";
import { deadTopic } from "./consume/dead-letters.ts";

export interface TopicSettings {
  /** Every queue that is declared. */
  readonly queues: readonly string[];
  /** Partitions of each topic but the hints: most members of one group that can read at a time. */
  readonly partitions: number;
  /** Brokers that hold a copy; -1: what the brokers have as default. */
  readonly replicas: number;
  /** How long messages are kept, in milliseconds. */
  readonly retentionMs: number;
  /** The same for dead letters, which wait for an operator. */
  readonly deadRetentionMs: number;
}

/** A topic as it is wanted. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly retentionMs: number;
}

/** Hints have no use later; an hour is enough for a reader to find its position. */
const CONTROL_RETENTION_MS = 3_600_000;

/** Every topic there is, each with its dead letters. */
export function planTopics({ queues, partitions, replicas, retentionMs, deadRetentionMs }: TopicSettings): readonly TopicPlan[] {
  const shared = [JOBS_TOPIC, RUNS_TOPIC, COMMANDS_TOPIC, REPLIES_TOPIC, REPORTS_TOPIC, ...queues.map(dueTopic)];
  const live = [
    ...shared.map((name): TopicPlan => ({ name, partitions, replicas, retentionMs })),
    { name: CONTROL_TOPIC, partitions: 1, replicas, retentionMs: CONTROL_RETENTION_MS }, // Every instance reads all of it.
  ];
  return [...live, ...live.map(({ name }) => ({ name: deadTopic(name), partitions: 1, replicas, retentionMs: deadRetentionMs }))];
}
