import { describe, expect, test } from "@jest/globals";
import { AppError } from "../../domain/app-error.ts";
import { handlersChanged } from "../../events/control-event.ts";
import { jobDue } from "../../events/job-due.ts";
import { sampleDueRun, sampleEvents } from "../../events/sample-events.test-support.ts";
import { toAvroSchema, type AvroRecord } from "../../events/wire/avro-schema.ts";
import { EVENT_DEFINITIONS } from "../../events/event-definitions.ts";
import { jsonCodec } from "../../events/wire/json-codec.ts";
import type { EncodedEvent, WireMessage } from "../../events/wire/event-codec.ts";
import { silentLogger } from "../../runtime/log/logger.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createMemoryRegistry } from "./memory-registry.test-support.ts";
import { createRegistryCodec } from "./registry-codec.ts";
import { frame } from "./wire-frame.ts";

const toWire = ({ key, value, headers }: EncodedEvent): WireMessage => ({
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
});
const due = jobDue(sampleDueRun(), 1_000);
const dueSchema = (): AvroRecord => toAvroSchema(EVENT_DEFINITIONS.find(({ type }) => type === "JobDue") as never);

async function setup() {
  const registry = createMemoryRegistry();
  const codec = await createRegistryCodec(registry, silentLogger);
  const sent = (): WireMessage => toWire(codec.encode([due])[0] as EncodedEvent);
  return { registry, codec, sent };
}

test("each event comes back as it went", async () => {
  const { codec } = await setup();
  const events = sampleEvents();
  expect(await codec.decode(codec.encode(events).map(toWire))).toEqual(events.map((event) => ({ kind: "event", event })));
});

test("what was said as JSON before there was a registry is still read", async () => {
  const { codec, sent } = await setup();
  const messages = [toWire(jsonCodec.encode([due])[0] as EncodedEvent), sent()];
  expect(await codec.decode(messages)).toEqual([due, due].map((event) => ({ kind: "event", event })));
});

test("JSON of others in which a member is there twice cannot be read, as in plain JSON", async () => {
  const { registry, codec, sent } = await setup();
  const { id, type } = await registry.register(dueSchema());
  const value = frame(id, type.toBuffer({ ...due.data, params: '{"a":1,"a":2}' }));
  const headers = { ...sent().headers, ce_source: Buffer.from("billing") };
  expect(await codec.decode([{ ...sent(), headers, value }])).toMatchObject([
    { kind: "undecodable", reason: "a: is there twice in one object: only one of them would be kept" },
  ]);
});

test("an old reader takes what a new writer wrote: the field it does not know is passed over", async () => {
  const { registry, codec, sent } = await setup();
  const schema = dueSchema();
  const { id, type } = await registry.register({ ...schema, fields: [...schema.fields, { name: "weight", type: "long", default: 0 }] });
  const data = { ...due.data, params: JSON.stringify(due.data.params), weight: 7 };
  expect(await codec.decode([{ ...sent(), value: frame(id, type.toBuffer(data)) }])).toEqual([{ kind: "event", event: due }]);
});

test.each([
  ["lastRun", null],
  ["priority", 5],
])("a new reader takes what an old writer wrote: a field that was not known then has its default (%s)", async (unknown, value) => {
  const { registry, codec, sent } = await setup();
  const schema = dueSchema();
  const { id, type } = await registry.register({
    ...schema,
    fields: schema.fields.filter((field) => !("name" in field) || field.name !== unknown),
  });
  const data = { ...due.data, params: JSON.stringify(due.data.params) };
  const event = jobDue(sampleDueRun({ [unknown]: value }), 1_000);
  expect(await codec.decode([{ ...sent(), value: frame(id, type.toBuffer(data)) }])).toEqual([{ kind: "event", event }]);
});

test("an unavailable registry is no fault of the messages: they are to be tried again", async () => {
  const { registry, codec, sent } = await setup();
  const message = { ...sent(), value: frame(4_711, Buffer.from("")) };
  registry.away = true;
  await expect(codec.decode([message])).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
  expect(await codec.decode([sent()])).toEqual([{ kind: "event", event: due }]);
});

test("schemas are registered again in a registry that lost everything, before one counts as unknown", async () => {
  const { registry, codec, sent } = await setup();
  const before = sent();
  registry.forget();
  expect(await codec.decode([{ ...before, value: frame(4_711, Buffer.from("")) }])).toMatchObject([
    { kind: "undecodable", reason: "the registry has no schema 4711" },
  ]);
  expect(await codec.decode([before, sent()])).toEqual([due, due].map((event) => ({ kind: "event", event })));
});

test.each<[string, (message: WireMessage) => WireMessage, string]>([
  [
    "a value without frame",
    (message) => ({ ...message, value: Buffer.from("hello") }),
    "the value is not in the framing of a schema registry",
  ],
  ["no value", (message) => ({ ...message, value: null }), "the value is not in the framing of a schema registry"],
  [
    "half a value",
    (message) => ({ ...message, value: (message.value as Buffer).subarray(0, 20) }),
    "the value is not what its schema says",
  ],
  [
    "another event's schema",
    (message) => ({ ...message, headers: { ...message.headers, ce_type: "JobStarted" } }),
    "its schema is not that of its event",
  ],
])("%s cannot be read, and it is said why", async (_, change, reason) => {
  const { codec, sent } = await setup();
  expect(await codec.decode([change(sent())])).toMatchObject([{ kind: "undecodable", reason }]);
});

test("a list without end in a value is refused before it is read", async () => {
  const { codec, sent } = await setup();
  const { value } = sent();
  const types = toWire(
    codec.encode([handlersChanged([], { id: "h", time: 0, source: "tickline/executor", tenantId: "default" })])[0] as EncodedEvent,
  );
  const endless = Buffer.concat([(types.value as Buffer).subarray(0, 5), Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0x7f])]);
  expect(value?.length).toBeGreaterThan(endless.length);
  expect(await codec.decode([{ ...types, value: endless }])).toMatchObject([
    { kind: "undecodable", reason: "the value is not what its schema says" },
  ]);
});

describe("ids of schemas that the registry does not have", () => {
  async function counting() {
    const registry = createMemoryRegistry();
    const clock = manualClock(0);
    const codec = await createRegistryCodec(registry, silentLogger, clock);
    const asked: number[] = [];
    let looks = 0;
    const { find, has } = registry;
    registry.find = async (id) => {
      asked.push(id);
      return find(id);
    };
    registry.has = async (schema, id) => {
      looks += 1;
      return has(schema, id);
    };
    const sent = toWire(codec.encode([due])[0] as EncodedEvent);
    const garbage = (id: number): WireMessage => ({ ...sent, value: frame(id, Buffer.from("x")) });
    return { registry, clock, codec, asked, sent, garbage, looks: () => looks };
  }

  test("are asked for once a minute, and cost one look at the registry a batch, however many they are", async () => {
    const { codec, clock, asked, sent, garbage, looks } = await counting();
    const batch = [...Array.from({ length: 500 }, (_, index) => garbage(10_000 + index)), sent];
    const kinds = async () => (await codec.decode(batch)).map(({ kind }) => kind);
    expect(new Set((await kinds()).slice(0, 500))).toEqual(new Set(["undecodable"]));
    expect((await kinds()).at(-1)).toBe("event");
    expect(asked.filter((id) => id >= 10_000)).toHaveLength(500);
    expect(looks()).toBe(1);
    clock.advance(60_000);
    await kinds();
    expect(asked.filter((id) => id >= 10_000)).toHaveLength(1_000);
  });

  test("that none can have are not asked for", async () => {
    const { codec, asked, garbage, looks } = await counting();
    const decoded = await codec.decode([garbage(0), garbage(0x8000_0000), garbage(0xffff_ffff)]);
    expect(decoded.map((read) => (read.kind === "undecodable" ? read.reason : read.kind))).toEqual([
      "the registry has no schema 0",
      "the registry has no schema 2147483648",
      "the registry has no schema 4294967295",
    ]);
    expect([asked, looks()]).toEqual([[], 0]);
  });

  test("are no answer of a registry that is unavailable", async () => {
    const { registry, codec, garbage, sent } = await counting();
    registry.find = async (id) => (id > 1_000 ? null : await createMemoryRegistry().find(id));
    registry.away = true;
    await expect(codec.decode([garbage(4_711), sent])).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
  });
});

test("what the registry refuses ends the start", async () => {
  const registry = createMemoryRegistry();
  registry.register = () => Promise.reject(new AppError("bad_config", "incompatible"));
  await expect(createRegistryCodec(registry, silentLogger)).rejects.toMatchObject({ code: "bad_config" });
});
