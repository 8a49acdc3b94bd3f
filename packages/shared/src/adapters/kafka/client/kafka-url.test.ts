import { expect, test } from "@jest/globals";
import { parseKafkaUrl } from "./kafka-url.ts";

test.each([
  ["kafka://localhost:9092", { brokers: ["localhost:9092"], ssl: false, sasl: null }],
  ["kafka://a:9092,b:9093/?ssl=true", { brokers: ["a:9092", "b:9093"], ssl: true, sasl: null }],
  ["kafka://[::1]:9092", { brokers: ["[::1]:9092"], ssl: false, sasl: null }],
  [
    "kafka://us%40er:p%3Aa:ss@a:9092?ssl=true&mechanism=plain",
    { brokers: ["a:9092"], ssl: true, sasl: { mechanism: "plain", username: "us@er", password: "p:a:ss" } },
  ],
  [
    "kafka://user:pass@a:9092",
    { brokers: ["a:9092"], ssl: false, sasl: { mechanism: "scram-sha-512", username: "user", password: "pass" } },
  ],
])("%s is understood", (url, address) => {
  expect(parseKafkaUrl(url)).toEqual(address);
});

test("what is said apart from the URL wins, and what is not said changes nothing", () => {
  const security = { username: "other", password: "secret", ssl: true, mechanism: undefined };
  expect(parseKafkaUrl("kafka://user:pass@a:9092?mechanism=scram-sha-256", security)).toEqual({
    brokers: ["a:9092"],
    ssl: true,
    sasl: { mechanism: "scram-sha-256", username: "other", password: "secret" },
  });
});

test.each([
  ["http://a:9092", /is not like kafka:/],
  ["kafka://", /is not like kafka:/],
  ["kafka://a", /without host and port: a$/],
  ["kafka://a:9092,b", /without host and port: b$/],
  ["kafka://a:99999", /without host and port/],
  ["kafka://user@a:9092", /a user without a password/],
  ["kafka://user:pass@a:9092?mechanism=gssapi", /there are plain, scram-sha-256, scram-sha-512/],
  ["kafka://a:9092?tls=true", /unknown parameter tls/],
  ["kafka://a:9092?ssl=yes", /ssl neither true nor false/],
  ["kafka://a:9092?caFile=/nowhere.pem", /\/nowhere\.pem, named for TLS to Kafka, cannot be read/],
])("%s is refused with what to write instead", (url, message) => {
  expect(() => parseKafkaUrl(url)).toThrow(expect.objectContaining({ code: "bad_config", message: expect.stringMatching(message) }));
});

test("no fault quotes a password", () => {
  for (const url of ["kafka://user:s3cret%@a:9092", "kafka://user:s3cret@a", "kafka://user:s3cret@a:9092?mechanism=x"]) {
    expect(() => parseKafkaUrl(url)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("s3cret") }));
  }
});
