import type { Kafka } from "kafkajs";
import type { Logger } from "../../runtime/logger.ts";
import { createSender, type OutMessage, type Sender } from "./sender.ts";

/** A sender for each topic, made when it is first needed. */
export interface Senders {
  send(topic: string, messages: readonly OutMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Each topic has a connection of its own: one that is missing or slow holds up no other. */
export function createSenders({ kafka, log }: { readonly kafka: Kafka; readonly log: Logger }): Senders {
  const senders = new Map<string, Sender>();
  return {
    send(topic, messages) {
      const sender = senders.get(topic) ?? createSender({ kafka, topic, log });
      senders.set(topic, sender);
      return sender.send(messages);
    },
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close()));
    },
  };
}
