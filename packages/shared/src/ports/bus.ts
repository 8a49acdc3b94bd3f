import type { Envelope } from "../events/envelope.ts";
import type { TicklineEvent } from "../events/event.ts";

/** Topics by name; `tickline.due.<queue>` by `dueTopic(queue)`. */
export interface Subscription {
  /** No further batch is delivered until `resume`; events published meanwhile may wait or be lost. */
  pause(): void;
  resume(): void;
  /** Resolves when no `onBatch` is running and none will start. Safe to call twice. */
  stop(): Promise<void>;
}

/** A message of which the envelope can be read, but not the data. */
export interface UnreadableMessage extends Omit<Envelope<string, never>, "data"> {
  readonly reason: string;
}

/** An event that can be read and is refused: no consumer may act on it. */
export interface RefusedEvent {
  /** One event of the delivered batch. */
  readonly event: TicklineEvent;
  /** The reason, for a person. */
  readonly reason: string;
}

/** The answer of a consumer to a batch: nothing, or the events it refuses. */
export type BatchAnswer = readonly RefusedEvent[] | void;

export interface SubscribeRequest {
  readonly topics: readonly string[];
  /** Members of one group share the messages; every group sees all of them. */
  readonly group: string;
  /** `beginning`: also events published before the group existed, if the bus still has them. `end`: only new events. */
  readonly from: "beginning" | "end";
  /**
   * Batches of one subscription are delivered one after another. A rejected batch is not acknowledged and may be delivered again. Events that are
   * refused go to the dead letters as they were published, each with its reason, and the rest of the batch is acknowledged. With
   * `from: "end"` they are only logged and counted: every member of such groups reads the same. Until the dead letters are
   * acknowledged the batch may be delivered again.
   */
  readonly onBatch: (events: readonly TicklineEvent[]) => Promise<BatchAnswer> | BatchAnswer;
  /** Called with the messages that go to the dead letters, before they are published there, so that their sender can be notified. A rejection is handled as one of `onBatch`. */
  readonly onUnreadable?: (messages: readonly UnreadableMessage[]) => Promise<void> | void;
}

/**
 * The bus notifies; it stores nothing. It may lose, repeat, delay and reorder all events, and every consumer handles
 * that. An adapter may promise more; no consumer relies on it.
 */
export interface Bus {
  /**
   * True when only the services of this process can publish. The content of a message is then trusted where it would
   * otherwise be compared with the store, at some 10 µs a run, or checked for content that no Tickline message has, at 0.3 µs. Absent: others can
   * publish.
   */
  readonly trusted?: boolean;
  /**
   * Resolves when the bus has acknowledged all of them; rejects (`bus_unavailable`) when any may be lost. A fault that is not
   * `retryable` means that the bus refuses one of them, and will again: a caller with several may publish each by itself.
   */
  publish(topic: string, events: readonly TicklineEvent[]): Promise<void>;
  subscribe(request: SubscribeRequest): Promise<Subscription>;
  close(): Promise<void>;
}
