import type { Logger } from "../../../runtime/logger.ts";
import type { BusMetrics } from "../bus-metrics.ts";
import { toDeadMessage, toShortenedMessage, type DeadLetter } from "./dead-message.ts";
import type { OutMessage } from "../publish/sender.ts";

/** Where the dead letters of a topic are. */
const DEAD = ".dead";
export const deadTopic = (topic: string): string => topic + DEAD;
export const isDeadTopic = (topic: string): boolean => topic.endsWith(DEAD);

export interface DeadLettersOptions {
  readonly group: string;
  /** A group of one instance alone, for hints: others read the same, so its letters are logged and counted, and not kept. */
  readonly ownGroup: boolean;
  readonly log: Logger;
  readonly metrics: BusMetrics | undefined;
  /** Sends compressed: a message may have come compressed, and be larger than a topic takes as it is. */
  readonly send: (topic: string, messages: readonly OutMessage[]) => Promise<void>;
}

/** Rejects when the letters are not known to be safe: then their messages are not to be committed. */
export function createBury({ group, ownGroup, log, metrics, send }: DeadLettersOptions) {
  async function keep(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    try {
      await send(
        deadTopic(topic),
        letters.map((letter) => toDeadMessage(letter, group)),
      );
    } catch (fault) {
      if (!isTooLarge(fault)) throw fault;
      for (const letter of letters) await keepOne(topic, letter);
    }
  }
  /** A message that is too large for its dead letters would otherwise stop its partition for ever. */
  async function keepOne(topic: string, letter: DeadLetter): Promise<void> {
    try {
      await send(deadTopic(topic), [toDeadMessage(letter, group)]);
    } catch (fault) {
      if (!isTooLarge(fault)) throw fault;
      const { partition, message } = letter;
      log.warn({ topic, partition, offset: message.offset, group }, "a dead letter is larger than its topic takes: it is kept shortened");
      await send(deadTopic(topic), [toShortenedMessage(letter, group)]);
    }
  }
  return async (letters: readonly DeadLetter[]): Promise<void> => {
    for (const [topic, of] of Map.groupBy(letters, (letter) => letter.topic)) {
      if (!ownGroup) await keep(topic, of);
      (ownGroup ? metrics?.unkept : metrics?.deadLetters)?.inc({ topic }, of.length);
      log.error({ group, letters: of.length, ...firstOf(of) }, ownGroup ? "messages cannot be taken" : "messages went to the dead letters");
    }
  };
}

/** One line a batch, with its first as an example: the topic of dead letters has all of them, each with its reason. */
const firstOf = ([first]: readonly DeadLetter[]) =>
  first === undefined
    ? {}
    : { topic: first.topic, partition: first.partition, offset: first.message.offset, reason: first.reason.slice(0, 500) };

const TOO_LARGE: ReadonlySet<unknown> = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

/** Whether the broker refused it for its size, as kafkajs and the bus wrap that. */
function isTooLarge(fault: unknown): boolean {
  for (let cause = fault; cause instanceof Error; cause = cause.cause) if ("type" in cause && TOO_LARGE.has(cause.type)) return true;
  return false;
}
