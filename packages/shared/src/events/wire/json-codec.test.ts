import { describe, expect, test } from "@jest/globals";
import type { TicklineEvent } from "../event.ts";
import { jobDue } from "../job-due.ts";
import { sampleDueRun, sampleEvents } from "../sample-events.test-support.ts";
import type { WireMessage } from "./event-codec.ts";
import { jsonCodec } from "./json-codec.ts";
import { createJsonOnlyCodec } from "./json-only-codec.ts";

/** What a consumer gets of what was sent: bytes all through. */
function onTheWire(
  event: TicklineEvent,
  change: { headers?: Record<string, string | undefined>; value?: string | null } = {},
): WireMessage {
  const sent = jsonCodec.encode([event])[0];
  const headers = Object.entries({ ...sent?.headers, ...change.headers }).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, Buffer.from(text)]],
  );
  const value = change.value === undefined ? (sent?.value ?? null) : change.value;
  return { key: null, value: value === null ? null : Buffer.from(value), headers: Object.fromEntries(headers) };
}
const due = jobDue(sampleDueRun(), 1_000);
const changed = (change: object): string => JSON.stringify({ ...JSON.parse(String(jsonCodec.encode([due])[0]?.value)), ...change });
const decodedKind = async (message: WireMessage) => (await jsonCodec.decode([message]))[0];

describe("events as CloudEvents with JSON", () => {
  test("each event comes back as it went", async () => {
    const events = sampleEvents();
    expect(await jsonCodec.decode(events.map((event) => onTheWire(event)))).toEqual(events.map((event) => ({ kind: "event", event })));
  });

  test("a JobDue and a JobCompleted of a version before priorities have the default", async () => {
    const old = sampleEvents().filter(({ type }) => type === "JobDue" || type === "JobCompleted");
    expect(old.length).toBeGreaterThan(1);
    for (const event of old) {
      const { priority, ...data } = JSON.parse(String(jsonCodec.encode([event])[0]?.value));
      expect(priority).not.toBe(5);
      const read = await jsonCodec.decode([onTheWire(event, { value: JSON.stringify(data) })]);
      expect(read).toEqual([{ kind: "event", event: { ...event, data: { ...event.data, priority: 5 } } }]);
    }
  });

  test("the envelope stands in ce_ headers, and the value is the data with instants as text", () => {
    const [message] = jsonCodec.encode([due]);
    expect(message?.headers).toEqual({
      "content-type": "application/json",
      ce_specversion: "1.0",
      ce_id: due.id,
      ce_type: "JobDue",
      ce_source: "tickline/scheduler",
      ce_subject: "nightly-report",
      ce_time: "1970-01-01T00:00:01.000Z",
      ce_tenantid: "default",
    });
    expect(JSON.parse(String(message?.value))).toMatchObject({ jobId: "nightly-report", scheduledFor: "2026-03-29T01:00:00.000Z" });
  });

  test("the key is the job's id, and JobDue, hints and replies have none", () => {
    const keys = sampleEvents().map((event) => [event.type, jsonCodec.encode([event])[0]?.key]);
    expect(Object.fromEntries(keys)).toEqual({
      JobCreated: "nightly-report",
      JobUpdated: "nightly-report",
      JobDeleted: "nightly-report",
      JobDue: null,
      JobStarted: "nightly-report",
      JobRetrying: "nightly-report",
      JobCompleted: "nightly-report",
      JobSkipped: "nightly-report",
      CancelRequested: null,
      HandlersChanged: null,
      RunsReady: null,
      JobHeartbeat: "nightly-report",
      CreateJob: null, // The last of them names no job.
      TriggerJob: "nightly-report",
      CancelRun: "nightly-report",
      CommandAnswered: null,
      CommandRefused: null,
    });
  });

  test("a field of a newer writer is dropped, one of an older writer has its default", async () => {
    const message = onTheWire(due, { value: changed({ spread: 5, lastRun: undefined, retry: { backoff: "fixed" } }) });
    const retry = { maxAttempts: 3, backoff: "fixed", delayMs: 1_000, delayMaxMs: 3_600_000, jitter: "full", nonRetryable: [] };
    expect(await decodedKind(message)).toEqual({ kind: "event", event: jobDue(sampleDueRun({ lastRun: null, retry } as never), 1_000) });
  });

  test("an event of an unknown type is distinguished from one that cannot be read", async () => {
    expect(await decodedKind(onTheWire(due, { headers: { ce_type: "JobDreamt" } }))).toEqual({ kind: "unknown", type: "JobDreamt" });
  });

  test.each<[string, WireMessage, string]>([
    ["no headers", { key: null, value: Buffer.from("{}"), headers: {} }, "the header ce_specversion is missing"],
    ["another version of CloudEvents", onTheWire(due, { headers: { ce_specversion: "0.3" } }), "ce_specversion is not 1.0"],
    ["no id", onTheWire(due, { headers: { ce_id: undefined } }), "the header ce_id is missing"],
    ["no time", onTheWire(due, { headers: { ce_time: "soon" } }), "ce_time must be an instant"],
    ["no value", onTheWire(due, { value: null }), "the value is empty"],
    ["no JSON", onTheWire(due, { value: "{" }), "the value is not JSON"],
    ["a list", onTheWire(due, { value: "[]" }), "data must be an object"],
    ["a field missing", onTheWire(due, { value: changed({ runId: undefined }) }), "runId must be a string"],
    ["a fraction", onTheWire(due, { value: changed({ attempt: 1.5 }) }), "attempt must be a whole number"],
    ["a number for an instant", onTheWire(due, { value: changed({ scheduledFor: 5 }) }), "scheduledFor must be an instant"],
    ["params that are a list", onTheWire(due, { value: changed({ params: [] }) }), "params must be an object"],
    ["an unknown cause", onTheWire(due, { value: changed({ cause: "whim" }) }), "cause is none of schedule, manual, retry"],
  ])("%s cannot be read, and it is said why", async (_, message, reason) => {
    expect(await decodedKind(message)).toMatchObject({ kind: "undecodable", reason });
  });

  test("the envelope of unreadable data is returned all the same; without an envelope there is nothing to return", async () => {
    const { data: _, ...attributes } = due;
    expect(await decodedKind(onTheWire(due, { value: "{" }))).toEqual({ kind: "undecodable", reason: "the value is not JSON", attributes });
    expect(await decodedKind(onTheWire(due, { headers: { ce_id: undefined } }))).not.toHaveProperty("attributes");
  });

  test("Avro without a registry is no bad message: it waits for a better configuration", async () => {
    const message = onTheWire(due, { headers: { "content-type": "application/avro" } });
    await expect(jsonCodec.decode([message])).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
  });

  test("in an installation that is known to be without a registry, a message in Avro is unreadable", async () => {
    const codec = createJsonOnlyCodec();
    const { data: _, ...attributes } = due;
    const inAvro = onTheWire(due, { headers: { "content-type": "application/avro; charset=x" } });
    const theirs = onTheWire({ ...due, source: "billing" });
    await expect(codec.decode([inAvro, theirs])).rejects.toMatchObject({ code: "bus_unavailable", retryable: true });
    expect(await codec.decode([inAvro, onTheWire(due)])).toEqual([
      { kind: "undecodable", reason: "it is in Avro, and no registry is set here (REGISTRY_URL)", attributes },
      { kind: "event", event: due },
    ]);
    expect(await codec.decode([inAvro])).toMatchObject([{ kind: "undecodable" }]);
  });
});

describe("what a message must not be able to do", () => {
  const withHeaders = (over: Record<string, WireMessage["headers"][string]>): WireMessage => {
    const message = onTheWire(due);
    return { ...message, headers: { ...message.headers, ...over } };
  };
  const nested = (depth: number): string => changed({ params: "X" }).replace('"X"', `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`);

  test.each<[string, WireMessage, string]>([
    ...["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_tenantid"].flatMap((name): [string, WireMessage, string][] => [
      [`${name} missing`, withHeaders({ [name]: undefined }), `the header ${name} is missing`],
      [`${name} without a value`, withHeaders({ [name]: null }), `the header ${name} is missing`],
      [`${name} empty`, withHeaders({ [name]: Buffer.alloc(0) }), `the header ${name} is missing`],
      [`${name} repeated, the first without a value`, withHeaders({ [name]: [null, Buffer.from("x")] }), `the header ${name} is missing`],
    ]),
    ["an id that fills the message", withHeaders({ ce_id: Buffer.alloc(1_025, "x") }), "the header ce_id has more than 1024 bytes"],
    ["a subject that fills the message", withHeaders({ ce_subject: "x".repeat(1_025) }), "the header ce_subject has more than 1024 bytes"],
    ["a line break in an id", withHeaders({ ce_id: Buffer.from("a\nevent: x") }), "the header ce_id has control characters"],
    ["an empty value", onTheWire(due, { value: "" }), "the value is not JSON"],
    ["bytes that are not UTF-8", { ...onTheWire(due), value: Buffer.from([0x22, 0xff, 0x22]) }, "the value is not JSON: it is not UTF-8"],
    [
      "an instant that no date can be",
      onTheWire(due, { value: changed({ scheduledFor: "+275761-01-01T00:00:00Z" }) }),
      "scheduledFor must be an instant",
    ],
    ["a number without end", onTheWire(due, { value: changed({ attempt: 1e300 }) }), "attempt must be a whole number"],
    [
      "an integer that no number holds",
      onTheWire(due, { value: changed({ params: { id: "9007199254740993" } }).replace('"9007199254740993"', "9007199254740993") }),
      `params.id: 9007199254740993 would be kept as 9007199254740992: JSON numbers are kept to 15 digits or more, text in quotes to the last`,
    ],
    [
      "half of a surrogate pair",
      onTheWire(due, { value: changed({ params: { text: "\ud83d" } }) }),
      "params.text: has half of a surrogate pair, which no UTF-8 can hold",
    ],
    ["an id that is not UTF-8", withHeaders({ ce_id: Buffer.from([0x61, 0xff]) }), "the header ce_id is not UTF-8"],
    [
      "a member that is there twice",
      onTheWire(due, { headers: { ce_source: "billing" }, value: changed({ params: "X" }).replace('"X"', '{"a":1,"a":2}') }),
      "params.a: is there twice in one object: only one of them would be kept",
    ],
    ["params without a bottom", onTheWire(due, { value: nested(100_000) }), "the JSON is nested deeper than 1000"],
  ])("%s cannot be read, and it is said why", async (_, message, reason) => {
    expect(await decodedKind(message)).toMatchObject({ kind: "undecodable", reason });
  });

  test("the media type may be anything", async () => {
    for (const type of [null, Buffer.alloc(100_000, 0xff), [null], [Buffer.from("text/html"), "application/avro"]]) {
      expect(await decodedKind(withHeaders({ "content-type": type }))).toMatchObject({ kind: "event" });
    }
  });

  test("a member named __proto__ is one like any other", async () => {
    const value = changed({ params: "X" })
      .replace('"X"', '{"__proto__":{"admin":true},"a":1}')
      .replace("{", '{"__proto__":{"runId":"forged"},');
    const decoded = await decodedKind(onTheWire(due, { value }));
    const { params, runId } = (decoded as { event: { data: typeof due.data } }).event.data;
    expect(Object.entries(params)).toEqual([
      ["__proto__", { admin: true }],
      ["a", 1],
    ]);
    expect([(params as { admin?: unknown }).admin, runId]).toEqual([undefined, due.data.runId]);
  });
});
