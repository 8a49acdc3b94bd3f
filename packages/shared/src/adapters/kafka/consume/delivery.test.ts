import type { KafkaMessage } from "kafkajs";
import { expect, test } from "@jest/globals";
import { AppError } from "../../../domain/app-error.ts";
import { jsonCodec } from "../../../events/wire/json-codec.ts";
import type { SubscribeRequest } from "../../../ports/bus.ts";
import { silentLogger } from "../../../runtime/log/logger.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { busEvent, eventIds } from "../../../testing/contracts/bus.contract.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { createDeadLetterQueue } from "./dead-letter-queue.ts";
import { createDelivery, type Delivery } from "./delivery.ts";
import { createInbox } from "./inbox.ts";
import { createTakeBatch, FINAL_TRIES_MAX } from "./take-batch.ts";

const away = new AppError("store_unavailable", "away", { retryable: true });
const message = (id: string, offset: number, value?: string): KafkaMessage => {
  const [sent] = jsonCodec.encode([busEvent(id)]);
  return {
    key: null,
    value: Buffer.from(value ?? sent?.value ?? ""),
    headers: sent?.headers ?? {},
    offset: String(offset),
  } as KafkaMessage;
};

function setup(onBatch: SubscribeRequest["onBatch"], onUnreadable?: SubscribeRequest["onUnreadable"]) {
  const clock = manualClock(0);
  const inbox = createInbox({ messagesMax: 100, bytesMax: 1_000_000 });
  const buried: DeadLetter[] = [];
  const done: string[] = [];
  const positions: string[] = [];
  const graves = { open: true };
  const deadLetters = createDeadLetterQueue({
    clock,
    log: silentLogger,
    send: async (letters) => {
      if (!graves.open) throw away;
      buried.push(...letters);
    },
    onDone: ([position]) => {
      positions.push(position?.offset ?? "");
      while (done.length < Number(position?.offset)) done.push(String(done.length));
    },
    onRoom: () => delivery.wake(),
  });
  const take = createTakeBatch({ log: silentLogger, codec: jsonCodec, request: { onBatch, ...(onUnreadable && { onUnreadable }) } });
  const delivery: Delivery = createDelivery({ clock, inbox, deadLetters, take, batchEventsMax: 10 });
  delivery.start();
  async function turns(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setImmediate(next));
  }
  async function put(...messages: KafkaMessage[]): Promise<void> {
    inbox.put({ topic: "topic", partition: 0, messages });
    delivery.wake();
    await turns();
  }
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await turns();
    }
  }
  return { delivery, put, pass, turns, buried, done, positions, graves };
}

test("what is taken is done, in batches of a bounded size", async () => {
  const batches: string[][] = [];
  const { put, done } = setup((events) => void batches.push(eventIds(events)));
  await put(...Array.from({ length: 25 }, (_, index) => message(String(index), index)));
  expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
  expect(done).toEqual(Array.from({ length: 25 }, (_, index) => String(index)));
});

test("a fault that passes is waited out, however often, and buries nothing", async () => {
  let tries = 0;
  const { put, pass, buried, done } = setup(() => {
    tries += 1;
    if (tries < 30) throw away;
  });
  await put(message("a", 0));
  await pass(150_000);
  expect({ tries, buried, done }).toEqual({ tries: 30, buried: [], done: ["0"] });
});

test("a batch that is always refused goes to the dead letters after some tries, and the next is taken", async () => {
  let tries = 0;
  const { put, pass, buried, done } = setup((events) => {
    if (!eventIds(events).includes("bad")) return;
    tries += 1;
    throw new TypeError("a bug");
  });
  await put(message("bad", 0));
  await put(message("good", 1));
  await pass(30_000);
  expect(tries).toBe(FINAL_TRIES_MAX + 1); // The last time alone.
  expect(buried.map(({ reason }) => reason)).toEqual(["failed 9 times: a bug"]);
  expect(done).toEqual(["0", "1"]);
});

test("what cannot be read is not done before it is buried", async () => {
  const { put, pass, buried, done, graves } = setup(() => undefined);
  graves.open = false;
  await put(message("bad", 0, "{"));
  expect(done).toEqual([]);
  graves.open = true;
  await pass(100);
  expect(buried.map(({ topic, message: { offset } }) => [topic, offset])).toEqual([["topic", "0"]]);
  expect(done).toEqual(["0"]);
});

test("the consumer receives unreadable messages before they go to the dead letters, unless they have no envelope", async () => {
  const heard: string[] = [];
  let tries = 0;
  const { put, pass, buried } = setup(
    () => undefined,
    (messages) => {
      tries += 1;
      if (tries < 3) throw away;
      heard.push(...messages.map(({ id, type, reason }) => `${id} ${type}: ${reason}`));
    },
  );
  await put(message("bad", 0, "{"), { ...message("worse", 1), headers: {} } as KafkaMessage);
  expect({ heard, buried }).toEqual({ heard: [], buried: [] });
  await pass(1_000);
  expect(heard).toEqual(["bad HandlersChanged: the value is not JSON"]);
  expect(buried.map(({ message: { offset } }) => offset)).toEqual(["0", "1"]);
});

test("an event of a type that is not known here is passed over", async () => {
  const { put, buried, done } = setup(() => undefined);
  const unknown = message("a", 0);
  await put({ ...unknown, headers: { ...unknown.headers, ce_type: "JobDreamt" } } as KafkaMessage);
  expect({ buried, done }).toEqual({ buried: [], done: ["0"] });
});

test("a batch whose partitions were given away is neither tried again nor done", async () => {
  let tries = 0;
  const { delivery, put, pass, done } = setup(() => {
    tries += 1;
    throw away;
  });
  await put(message("a", 0));
  delivery.abandon();
  await pass(10_000);
  expect({ tries, done }).toEqual({ tries: 1, done: [] });
});

test("stopping ends a wait for a store", async () => {
  const { delivery, put } = setup(() => {
    throw away;
  });
  await put(message("a", 0));
  await expect(delivery.stop()).resolves.toBeUndefined();
});

test("stopping while a batch is being refused waits for no other try", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { delivery, put } = setup(async () => {
    begun.resolve();
    await gate.promise;
    throw away;
  });
  await put(message("a", 0));
  await begun.promise;
  const stopped = delivery.stop();
  gate.resolve();
  await expect(stopped).resolves.toBeUndefined();
});

test("what its consumer refuses is buried as it was published, each with its reason, and the rest is done", async () => {
  const seen: string[][] = [];
  const { put, buried, done } = setup((events) => {
    seen.push(eventIds(events));
    return events.filter(({ id }) => id.startsWith("forged")).map((event) => ({ event, reason: `not ${event.id}` }));
  });
  const forged = message("forged-1", 1);
  await put(message("a", 0), forged, message("unreadable", 2, "{"), message("b", 3), message("forged-2", 4));
  expect(seen).toEqual([["a", "forged-1", "b", "forged-2"]]);
  expect(buried.map(({ topic, partition, message: { offset }, reason }) => [topic, partition, offset, reason])).toEqual([
    ["topic", 0, "1", "not forged-1"],
    ["topic", 0, "2", "the value is not JSON"],
    ["topic", 0, "4", "not forged-2"],
  ]);
  expect(buried[0]?.message).toEqual(forged);
  expect(done).toEqual(["0", "1", "2", "3", "4"]);
});

test("what is refused is not done before it is buried", async () => {
  const { put, pass, buried, done, graves } = setup((events) => events.map((event) => ({ event, reason: "forged" })));
  graves.open = false;
  await put(message("a", 0));
  expect(done).toEqual([]);
  graves.open = true;
  await pass(100);
  expect(buried.map(({ reason }) => reason)).toEqual(["forged"]);
  expect(done).toEqual(["0"]);
});

test("an unreadable message goes to the dead letters once, however long the store is unavailable for those beside it", async () => {
  let tries = 0;
  const { put, pass, buried } = setup(() => {
    tries += 1;
    if (tries < 5) throw away;
  });
  await put(message("a", 0), message("bad", 1, "{"));
  await pass(10_000);
  expect(buried.map(({ message: { offset } }) => offset)).toEqual(["1"]);
});

test("a message that breaks its consumer is buried alone: those beside it are taken", async () => {
  const taken = new Set<string>();
  const { put, pass, buried, done } = setup((events) => {
    if (eventIds(events).includes("bad")) throw new TypeError("a bug");
    for (const id of eventIds(events)) taken.add(id);
  });
  await put(message("a", 0), message("bad", 1), message("b", 2));
  await pass(30_000);
  expect([...taken]).toEqual(["a", "b"]);
  expect(buried.map(({ message: { offset }, reason }) => [offset, reason])).toEqual([["1", "failed 9 times: a bug"]]);
  expect(done).toEqual(["0", "1", "2"]);
});

test("dead letters that are not taken hold up no good message behind them, and nothing is done before them", async () => {
  const seen: string[] = [];
  const { put, pass, buried, done, graves } = setup((events) => void seen.push(...eventIds(events)));
  graves.open = false;
  await put(message("bad", 0, "{"));
  await put(message("a", 1));
  await put(message("worse", 2, "{"), message("b", 3));
  expect({ seen, done }).toEqual({ seen: ["a", "b"], done: [] });
  graves.open = true;
  await pass(200);
  expect(buried.map(({ message: { offset } }) => offset)).toEqual(["0", "2"]);
  expect(done).toEqual(["0", "1", "2", "3"]);
  expect(seen).toEqual(["a", "b"]);
});

test("so many dead letters may wait, then no batch is delivered until some are safe", async () => {
  const seen: string[] = [];
  const { put, pass, turns, done, graves } = setup((events) => void seen.push(...eventIds(events)));
  graves.open = false;
  const garbage = (from: number) => Array.from({ length: 100 }, (_, index) => message("bad", from + index, "{"));
  for (let from = 0; from < 1_000; from += 100) await put(...garbage(from));
  await turns();
  await put(message("behind", 1_000));
  expect(seen).toEqual([]);
  graves.open = true;
  await pass(10_000);
  expect(seen).toEqual(["behind"]);
  expect(done).toHaveLength(1_001);
});

test("letters that wait when the partitions are given away are not done, and a stop tries the others once more", async () => {
  const { delivery, put, turns, buried, positions, graves } = setup(() => undefined);
  graves.open = false;
  await put(message("bad", 0, "{"));
  delivery.abandon();
  await put(message("worse", 1, "{"));
  graves.open = true;
  await delivery.stop();
  await turns();
  expect(buried.map(({ message: { offset } }) => offset)).toEqual(["1"]);
  expect(positions).toEqual(["2"]);
});
