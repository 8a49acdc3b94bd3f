import { describe, expect, test } from "@jest/globals";
import type { IHeaders, KafkaMessage } from "kafkajs";
import encodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import { silentLogger } from "../../../runtime/log/logger.ts";
import { busFault } from "../bus-fault.ts";
import { createDeadLetterSender } from "./dead-letters.ts";
import { SHORTENED_BYTES, type DeadLetter } from "./dead-letters.ts";
import type { OutMessage } from "../sender.ts";

const letter = (offset: number, { value = "{", headers = {} }: { value?: string; headers?: object } = {}): DeadLetter => ({
  topic: "runs",
  partition: 2,
  message: { key: Buffer.from("k"), value: Buffer.from(value), headers, offset: String(offset) } as unknown as KafkaMessage,
  reason: "forged",
});
const tooLarge = (): Error => Object.assign(new Error("larger than the broker takes"), { type: "MESSAGE_TOO_LARGE" });

/** A topic of dead letters that takes requests up to so many bytes. */
function setup({ bytesMax = Infinity, ownGroup = false } = {}) {
  const kept: OutMessage[] = [];
  const counts: Record<string, number> = {};
  const counter = (name: string) => ({
    inc: ({ topic }: { readonly topic: string }, count: number): void =>
      void (counts[`${name} ${topic}`] = (counts[`${name} ${topic}`] ?? 0) + count),
  });
  const send = createDeadLetterSender({
    group: "readers",
    ownGroup,
    log: silentLogger,
    metrics: { lag: { set: () => undefined }, deadLetters: counter("dead"), unkept: counter("unkept") },
    async send(topic, messages) {
      expect(topic).toBe("runs.dead");
      for (const { key, value, headers } of messages) encodeRecord({ key: asBuffer(key), value: asBuffer(value), headers }); // As kafkajs does.
      if (messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0) > bytesMax) throw busFault("publish", tooLarge());
      kept.push(...messages);
    },
  });
  return { send, kept, counts };
}
const asBuffer = (value: Buffer | string | null): Buffer | null => (value === null ? null : Buffer.from(value));

test("a message is kept as it was, with where it lay and why", async () => {
  const { send, kept, counts } = setup();
  await send([letter(7, { headers: { ce_id: Buffer.from("x") } })]);
  expect(kept).toEqual([
    {
      key: Buffer.from("k"),
      value: Buffer.from("{"),
      headers: {
        ce_id: Buffer.from("x"),
        tickline_dead_reason: "forged",
        tickline_dead_topic: "runs",
        tickline_dead_partition: "2",
        tickline_dead_offset: "7",
        tickline_dead_group: "readers",
      },
    },
  ]);
  expect(counts).toEqual({ "dead runs": 1 });
});

test.each<[string, IHeaders]>([
  ["no value", { bare: null as unknown as string }],
  ["one value and then none", { both: [Buffer.from("a"), null as unknown as Buffer] }],
])("a header with %s can be written", async (_, headers) => {
  const { send, kept } = setup();
  await send([letter(1, { headers })]);
  expect(kept).toHaveLength(1);
});

describe("what is larger than its topic of dead letters takes", () => {
  test("is kept alone where it fits alone, and shortened where it does not", async () => {
    const { send, kept, counts } = setup({ bytesMax: 100_000 });
    const long = { headers: { big: Buffer.alloc(5_000), ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`h${at}`, "x"])) } };
    await send([letter(1), letter(2, { value: "x".repeat(90_000) }), letter(3, { value: "y".repeat(5_000_000), ...long })]);
    expect(kept.map(({ value }) => value?.length)).toEqual([1, 90_000, SHORTENED_BYTES]);
    expect(kept[2]?.headers).toMatchObject({
      tickline_dead_offset: "3",
      tickline_dead_value_bytes: "5000000",
      tickline_dead_reason: "forged",
    });
    expect(kept[2]?.headers["big"]).toHaveLength(1_024);
    expect(Object.keys(kept[2]?.headers ?? {}).length).toBeLessThan(60);
    expect(counts).toEqual({ "dead runs": 3 });
  });

  test("any other fault is one", async () => {
    const { kept } = setup();
    const send = createDeadLetterSender({
      group: "g",
      ownGroup: false,
      log: silentLogger,
      metrics: undefined,
      send: () => Promise.reject(busFault("publish", new Error("away"))),
    });
    await expect(send([letter(1)])).rejects.toMatchObject({ code: "bus_unavailable" });
    expect(kept).toEqual([]);
  });
});

test("a group of one instance keeps none: they are counted", async () => {
  const { send, kept, counts } = setup({ ownGroup: true });
  await send([letter(1), letter(2)]);
  expect(kept).toEqual([]);
  expect(counts).toEqual({ "unkept runs": 2 });
});
