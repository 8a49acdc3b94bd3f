import { expect, test } from "@jest/globals";
import type { KafkaMessage } from "kafkajs";
import { createInbox, type Chunk } from "./inbox.ts";

const messages = (count: number, bytes: number): KafkaMessage[] =>
  Array.from({ length: count }, (_, at) => ({ key: null, value: Buffer.alloc(bytes), offset: String(at) }) as KafkaMessage);
const chunk = (of: KafkaMessage[], partition = 0): Chunk => ({ topic: "runs", partition, messages: of });
const sizes = (chunks: readonly Chunk[]): number[] => chunks.map((each) => each.messages.length);

test("it is full by messages, and has room again when some are taken", async () => {
  const inbox = createInbox({ messagesMax: 10, bytesMax: 1_000 });
  inbox.put(chunk(messages(10, 1)));
  expect([inbox.size, inbox.full]).toEqual([10, true]);
  const room = inbox.whenRoom();
  expect(sizes(inbox.take(4))).toEqual([4]);
  await room;
  expect([inbox.size, inbox.full]).toEqual([6, false]);
  expect(sizes(inbox.take(100))).toEqual([6]);
});

test("it is full by bytes, headers and keys counted", () => {
  const inbox = createInbox({ messagesMax: 1_000, bytesMax: 1_000 });
  inbox.put(chunk(messages(1, 500)));
  expect(inbox.full).toBe(false);
  const headed = { key: Buffer.alloc(100), value: null, headers: { a: Buffer.alloc(300), b: [Buffer.alloc(99), "x"] } };
  inbox.put(chunk([headed as unknown as KafkaMessage]));
  expect(inbox.full).toBe(true);
});

test("a batch of large messages is a small one, and holds at least one", () => {
  const inbox = createInbox({ messagesMax: 1_000, bytesMax: 1_000 });
  inbox.put(chunk(messages(4, 100)));
  inbox.put(chunk(messages(1, 5_000), 1));
  inbox.put(chunk(messages(2, 10), 2));
  expect(sizes(inbox.take(10))).toEqual([2]); // A quarter of the bytes.
  expect(sizes(inbox.take(10))).toEqual([2]);
  expect(sizes(inbox.take(10))).toEqual([1]);
  expect(sizes(inbox.take(10))).toEqual([2]);
  expect([inbox.size, inbox.full]).toEqual([0, false]);
});

test("what is forgotten leaves room", async () => {
  const inbox = createInbox({ messagesMax: 1, bytesMax: 1 });
  inbox.put(chunk(messages(3, 3)));
  const room = inbox.whenRoom();
  inbox.clear();
  await room;
  expect([inbox.size, inbox.full, inbox.take(5)]).toEqual([0, false, []]);
});
