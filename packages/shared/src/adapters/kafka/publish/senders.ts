import { createSender, type OutMessage, type Sender, type SenderOptions } from "./sender.ts";

/** A sender for each topic, made when it is first needed. */
export interface Senders {
  send(topic: string, messages: readonly OutMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** Each topic has a connection of its own: one that is missing or slow holds up no other. */
export function createSenders(options: Omit<SenderOptions, "topic">): Senders {
  const senders = new Map<string, Sender>();
  return {
    send(topic, messages) {
      const sender = senders.get(topic) ?? createSender({ ...options, topic });
      senders.set(topic, sender);
      return sender.send(messages);
    },
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close()));
    },
  };
}
