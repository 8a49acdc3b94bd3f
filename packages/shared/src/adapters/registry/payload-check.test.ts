import { describe, expect, test } from "@jest/globals";
import avro from "avsc";
import fc from "fast-check";
import { sampleEvents } from "../../events/sample-events.test-support.ts";
import { toAvroSchema } from "../../events/wire/avro-schema.ts";
import { EVENT_DEFINITIONS } from "../../events/event-definitions.ts";
import { eventFormats } from "../../events/wire/event-formats.ts";
import { avroFormat } from "../../events/wire/wire-values.ts";
import { createPayloadCheck } from "./payload-check.ts";
import type { AvroType } from "./registry-client.ts";

const parseType = (schema: object): AvroType => avro.Type.forSchema(schema as never) as unknown as AvroType;
const record = (...types: readonly object[]) => ({
  type: "record",
  name: "Outer",
  fields: types.map((type, index) => ({ name: `f${index}`, type })),
});
const list = { type: "array", items: "string" };

/** A number as Avro writes it. */
function long(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
const TEXT = [...long(1n), 0x61];

test("every event passes as it is written", () => {
  const formats = eventFormats(avroFormat("us"));
  const types = new Map(EVENT_DEFINITIONS.map((definition) => [definition.type, parseType(toAvroSchema(definition))]));
  for (const event of sampleEvents()) {
    const type = types.get(event.type) as AvroType;
    const payload = type.toBuffer(formats.get(event.type)?.write(event.data) as object);
    expect(() => createPayloadCheck(type)(payload)).not.toThrow();
  }
});

test("every kind of schema passes as avsc writes it", () => {
  const inner = { type: "record", name: "Inner", fields: [{ name: "next", type: ["null", "Inner"] }] };
  const kinds = record(
    "boolean" as never,
    "float" as never,
    "double" as never,
    "bytes" as never,
    { type: "map", values: "long" },
    { type: "enum", name: "E", symbols: ["A", "B"] },
    { type: "fixed", name: "F", size: 3 },
    ["null", list] as never,
    inner,
    { type: "long", logicalType: "timestamp-millis" },
    "E" as never,
  );
  const type = parseType(kinds);
  const value = {
    f0: true,
    f1: 1,
    f2: 2,
    f3: Buffer.from("x"),
    f4: { a: 1, b: 2 ** 40 },
    f5: "B",
    f6: Buffer.from("abc"),
    f7: ["x", "y"],
    f8: { next: { next: null } },
    f9: 1_700_000_000_000,
    f10: "A",
  };
  expect(() => createPayloadCheck(type)(type.toBuffer(value))).not.toThrow();
});

describe("what avsc would read for ever, or until memory ends, is refused", () => {
  test.each<[string, object, readonly number[]]>([
    ["a list of 2^40 items", record(list), long(2n ** 40n)],
    ["a list of 2^62 items", record(list), long(2n ** 62n)],
    ["a block of -(2^40) items", record(list), [...long(-(2n ** 40n)), ...long(10n)]],
    ["a text of negative length, that leads back to its list", record(list), [...long(1n), ...long(-2n)]],
    ["bytes beyond the end", record("bytes" as never), [...long(9n), 1]],
    ["a map of 2^40 members", record({ type: "map", values: "null" }), long(2n ** 40n)],
    ["a block of another size than it says", record(list), [...long(-1n), ...long(-4n), ...TEXT, 0]],
    ["an option that does not exist", record(["null", "string"] as never), long(7n)],
    ["an option before the first", record(["null", "string"] as never), long(-1n)],
    ["a number without end", record("long" as never), Array.from({ length: 11 }, () => 0xff)],
    ["nothing at all", record("long" as never), []],
  ])("%s", (_, schema, payload) => {
    const check = createPayloadCheck(parseType(schema));
    expect(() => check(Uint8Array.from(payload))).toThrow();
  });
});

test("whatever the bytes, it ends, and what passes avsc reads in no time", () => {
  const type = parseType(toAvroSchema(EVENT_DEFINITIONS.find(({ type: name }) => name === "HandlersChanged") as never));
  const check = createPayloadCheck(type);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
      try {
        check(payload);
      } catch {
        return;
      }
      try {
        type.fromBuffer(Buffer.from(payload));
      } catch (fault) {
        expect(fault).toMatchObject({ message: expect.stringMatching(/trailing data/) });
      }
    }),
    { numRuns: 5_000 },
  );
});
