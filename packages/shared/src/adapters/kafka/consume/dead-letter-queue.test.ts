import type { KafkaMessage } from "kafkajs";
import { expect, test } from "@jest/globals";
import { AppError } from "../../../domain/app-error.ts";
import { silentLogger } from "../../../runtime/log/logger.ts";
import { manualClock } from "../../../testing/manual-clock.ts";
import { createDeadLetterQueue } from "./dead-letter-queue.ts";
import type { Position } from "./committer.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { LETTERS_WAITING_MAX } from "./dead-letter-queue.ts";

const MIB = 1_048_576;

const letter = (offset: number, value = Buffer.from("{")): DeadLetter => ({
  topic: "jobs",
  partition: 0,
  reason: "not JSON",
  message: { key: null, value, headers: {}, offset: String(offset) } as KafkaMessage,
});
const at = (offset: number, partition = 0): Position => ({ topic: "jobs", partition, offset: String(offset) });

function setup() {
  const clock = manualClock(0);
  const [tried, done]: [DeadLetter[][], Position[][]] = [[], []];
  let rooms = 0;
  let answer = Promise.withResolvers<void>();
  const deadLetters = createDeadLetterQueue({
    clock,
    log: silentLogger,
    send(letters) {
      tried.push([...letters]);
      return answer.promise;
    },
    onDone: (positions) => void done.push([...positions]),
    onRoom: () => void (rooms += 1),
  });
  async function settle(how: (pending: typeof answer) => void): Promise<void> {
    await new Promise((next) => setImmediate(next));
    const pending = answer;
    answer = Promise.withResolvers();
    how(pending);
    await new Promise((next) => setImmediate(next));
  }
  return {
    deadLetters,
    clock,
    tried,
    done,
    rooms: () => rooms,
    safe: () => settle(({ resolve }) => resolve()),
    refused: () => settle(({ reject }) => reject(new AppError("bus_unavailable", "no answer", { retryable: true }))),
  };
}

test("a batch without letters is done at once while none waits", () => {
  const { deadLetters, done, tried } = setup();
  deadLetters.add([at(3), at(9, 1)], []);
  expect({ done, tried }).toEqual({ done: [[at(3), at(9, 1)]], tried: [] });
});

test("positions behind letters that wait are done with them, each partition's last one alone", async () => {
  const { deadLetters, done, safe } = setup();
  deadLetters.add([at(1)], [letter(0)]);
  deadLetters.add([at(5)], []);
  deadLetters.add([at(8), at(2, 1)], []);
  expect(done).toEqual([]);
  await safe();
  expect(done).toEqual([[at(8), at(2, 1)]]);
});

test("letters are sent in their order, and what is refused is tried again before the next", async () => {
  const { deadLetters, clock, done, tried, safe, refused } = setup();
  deadLetters.add([at(1)], [letter(0)]);
  deadLetters.add([at(2)], [letter(1)]);
  await refused();
  expect(done).toEqual([]);
  clock.advance(50);
  await safe();
  await safe();
  const offsets = tried.map((letters) => letters.map(({ message }) => message.offset));
  expect({ offsets, done }).toEqual({ offsets: [["0"], ["0"], ["1"]], done: [[at(1)], [at(2)]] });
});

test.each([
  ["letters", Array.from({ length: LETTERS_WAITING_MAX }, (_, offset) => letter(offset))],
  ["bytes of letters", Array.from({ length: 4 }, (_, offset) => letter(offset, Buffer.alloc(4 * MIB)))],
])("so many %s make it full, until they are safe", async (_, letters) => {
  const { deadLetters, rooms, safe } = setup();
  deadLetters.add([at(0)], letters.slice(1));
  expect(deadLetters.full).toBe(false);
  deadLetters.add([at(1)], letters.slice(0, 1));
  expect(deadLetters.full).toBe(true);
  await safe();
  expect({ full: deadLetters.full, rooms: rooms() }).toEqual({ full: false, rooms: 1 });
});

test("what is cleared is not done, though it was being sent, and makes room", async () => {
  const { deadLetters, done, tried, rooms, safe } = setup();
  deadLetters.add([at(1)], [letter(0, Buffer.alloc(16 * MIB))]);
  deadLetters.add([at(2)], [letter(1)]);
  deadLetters.clear();
  expect({ full: deadLetters.full, rooms: rooms() }).toEqual({ full: false, rooms: 1 });
  deadLetters.add([at(7)], [letter(6)]);
  await safe();
  await safe();
  expect({ tried: tried.length, done }).toEqual({ tried: 2, done: [[at(7)]] });
});

test("a stop tries what waits once, and goes on while it is taken", async () => {
  const { deadLetters, done, tried, safe, refused } = setup();
  deadLetters.add([at(1)], [letter(0)]);
  deadLetters.add([at(2)], [letter(1)]);
  deadLetters.add([at(3)], [letter(2)]);
  const stopped = deadLetters.stop();
  await safe();
  await refused();
  await stopped;
  expect({ tried: tried.length, done }).toEqual({ tried: 2, done: [[at(1)]] });
});

test("a letter that waits keeps no more in memory than its own bytes", () => {
  const { deadLetters, tried } = setup();
  const fetched = Buffer.alloc(MIB, "x");
  deadLetters.add([at(1)], [letter(0, fetched.subarray(0, 10))]);
  const value = tried[0]?.[0]?.message.value;
  expect(value?.toString()).toBe("x".repeat(10));
  expect(value?.buffer).not.toBe(fetched.buffer);
});
