import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { jsonCodec } from "@tickline/shared/events/wire/json-codec";
import { apiUnderTest, minimalJob, type ApiUnderTest } from "../api-under-test.test-support.ts";

let at: ApiUnderTest;
beforeAll(async () => {
  at = await apiUnderTest();
});
afterAll(() => at.stop());

/** A job with something in its params, as bytes. */
const jobWith = (value: string | Buffer): Buffer => {
  const [before = "", behind = ""] = JSON.stringify({ ...minimalJob, params: { value: "HERE" } }).split('"HERE"');
  return Buffer.concat([Buffer.from(before), Buffer.from(value), Buffer.from(behind)]);
};

async function isReadFromKafka(job: Buffer): Promise<boolean> {
  const value = Buffer.concat([Buffer.from('{"jobId":null,"job":'), job, Buffer.from("}")]);
  const headers = {
    ce_specversion: "1.0",
    ce_id: "1",
    ce_type: "CreateJob",
    ce_source: "billing",
    ce_time: "2026-01-05T12:00:00Z",
    ce_tenantid: "default",
  };
  const [decoded] = await jsonCodec.decode([{ key: null, value, headers }]);
  return decoded?.kind === "event";
}

test.each<[string, string | Buffer]>([
  ["a member that is there twice", '{"a":1,"a":2}'],
  ["twice in another spelling", String.raw`{"a":1,"\u0061":2}`],
  ["twice, deep within", '[[{"b":{"a":1,"a":1}}]]'],
  ["a number too large", "1e400"],
  ["a number too small", "1e-400"],
  ["an integer beyond 2^53", "9007199254740993"],
  ["more digits than are kept", "0.123456789012345678901234567890"],
  ["half of a surrogate pair", String.raw`"\ud800"`],
  ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["UTF-16", Buffer.from('"x"', "utf16le")],
])("%s is refused by REST and on Kafka", async (_, value) => {
  const job = jobWith(value);
  expect((await at.call("POST /jobs", { body: job })).status).toBe(400);
  expect(await isReadFromKafka(job)).toBe(false);
});

test.each<[string, string]>([
  ["an integer up to 2^53", "9007199254740992"],
  ["zero with a sign", "-0"],
  ["a power of ten", "1e21"],
  ["a decimal that is kept", "0.1"],
  ["a pair of surrogates", String.raw`"\ud83d\ude00"`],
  ["one name in two objects", '[{"a":1},{"a":1}]'],
])("%s is taken by REST and on Kafka", async (_, value) => {
  const job = jobWith(value);
  expect((await at.call("POST /jobs", { body: job })).status).toBe(201);
  expect(await isReadFromKafka(job)).toBe(true);
});
