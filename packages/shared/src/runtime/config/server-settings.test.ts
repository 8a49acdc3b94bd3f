import { expect, test } from "@jest/globals";
import { readConfig } from "./config.ts";
import { busUrlSetting, kafkaSettings, lockUrlSetting, registryUrlSetting, storeUrlSetting } from "./server-settings.ts";

const TABLE = { store: storeUrlSetting, bus: busUrlSetting, lock: lockUrlSetting, registry: registryUrlSetting, ...kafkaSettings };
const SERVERS = { STORE_URL: "mongodb://db/tickline", BUS_URL: "kafka://a:9092,b:9092" };
const read = (env: Readonly<Record<string, string>> = {}) => readConfig(TABLE, { env: { ...SERVERS, ...env }, flags: {} });

test("the store and the bus are needed; a lock server and a registry are not", () => {
  expect(read()).toMatchObject({ store: SERVERS.STORE_URL, bus: SERVERS.BUS_URL, lock: undefined, registry: undefined });
  expect(() => readConfig(TABLE, { env: {}, flags: {} })).toThrow(
    [
      "the configuration is not usable:",
      "  STORE_URL=: must be set, as in STORE_URL=mongodb://localhost:27017/tickline",
      "  BUS_URL=: must be set, as in BUS_URL=kafka://localhost:9092",
    ].join("\n"),
  );
});

test.each([
  ["STORE_URL", "sqlite:./data/tickline.db", "mongodb://localhost:27017/tickline"],
  ["STORE_URL", "memory:", "mongodb://localhost:27017/tickline"],
  ["BUS_URL", "memory:", "kafka://localhost:9092"],
  ["LOCK_URL", "memory:", "redis://localhost:6379"],
])("%s=%s belongs to the one process, and the fault says what to set", (variable, url, example) => {
  expect(() => read({ [variable]: url })).toThrow(
    `${variable}=${url}: is for the one process (npm start) alone: services that run apart share a server, so set ${variable}=${example}`,
  );
});

test("another scheme is refused with those there are", () => {
  expect(() => read({ LOCK_URL: "memcached://cache" })).toThrow(
    "LOCK_URL=memcached://cache: must begin with redis:// or rediss://, as in LOCK_URL=redis://localhost:6379",
  );
});

test("a password is not said again", () => {
  expect(() => read({ LOCK_URL: "amqp://user:p%40ss@host" })).toThrow("LOCK_URL=amqp://***@host: must begin");
});

test("security of Kafka may stand beside its URL", () => {
  const env = { KAFKA_USERNAME: "u", KAFKA_PASSWORD: "p", KAFKA_SASL_MECHANISM: "plain", KAFKA_SSL: "true", KAFKA_CA_FILE: "/ca.pem" };
  expect(read(env)).toMatchObject({
    kafkaUsername: "u",
    kafkaPassword: "p",
    kafkaMechanism: "plain",
    kafkaSsl: true,
    kafkaCaFile: "/ca.pem",
  });
  expect(() => read({ KAFKA_SSL: "yes" })).toThrow("KAFKA_SSL=yes: must be true or false");
});
