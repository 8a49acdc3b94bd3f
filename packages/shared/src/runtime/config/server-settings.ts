import { z } from "zod";
import { defineSetting } from "./config.ts";

interface ServerUrl {
  readonly env: string;
  readonly schemes: readonly string[];
  readonly example: string;
}

/** The scheme chooses the adapter. URLs of the embedded adapters are refused, with what to set instead. */
const serverUrl = ({ env, schemes, example }: ServerUrl) =>
  z
    .string(`must be set, as in ${env}=${example}`)
    .refine((text) => !/^(sqlite|memory):/.test(text), {
      message: `is for the one process (npm start) alone: services that run apart share a server, so set ${env}=${example}`,
      abort: true,
    })
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)),
      `must begin with ${schemes.join(":// or ")}://, as in ${env}=${example}`,
    );

export const storeUrlSetting = defineSetting({
  env: "STORE_URL",
  flag: null,
  placeholder: "URL",
  fallback: null,
  schema: serverUrl({ env: "STORE_URL", schemes: ["mongodb", "mongodb+srv"], example: "mongodb://localhost:27017/tickline" }),
  description: "The MongoDB where jobs and runs are kept: `mongodb://user:password@host:27017/tickline`, with `?tls=true` for TLS.",
});

export const busUrlSetting = defineSetting({
  env: "BUS_URL",
  flag: null,
  placeholder: "URL",
  fallback: null,
  schema: serverUrl({ env: "BUS_URL", schemes: ["kafka"], example: "kafka://localhost:9092" }),
  description: "The Kafka that carries events: `kafka://host:9092,host2:9092`, with `?ssl=true` for TLS.",
});

export const lockUrlSetting = defineSetting({
  env: "LOCK_URL",
  flag: null,
  placeholder: "URL",
  fallback: null,
  schema: serverUrl({ env: "LOCK_URL", schemes: ["redis", "rediss"], example: "redis://localhost:6379" }).optional(),
  description:
    "The Redis with the locks of the schedulers: `redis://user:password@host:6379/0`, `rediss://` with TLS. Without it, or while it is unavailable, schedulers use leases in the store.",
});

export const registryUrlSetting = defineSetting({
  env: "REGISTRY_URL",
  flag: null,
  placeholder: "URL",
  fallback: null,
  schema: serverUrl({ env: "REGISTRY_URL", schemes: ["http", "https"], example: "http://localhost:8081/apis/ccompat/v7" }).optional(),
  description:
    "A Confluent-compatible schema registry, `https://user:password@host/path` if it requires a login. With a registry, events are Avro; without one, JSON.",
});

const text = (env: string, description: string) =>
  defineSetting({ env, flag: null, placeholder: "TEXT", fallback: null, schema: z.string().min(1).optional(), description });

/** Settings for parts of Kafka's URL, so that the URL need not contain a secret. */
export const kafkaSettings = {
  kafkaUsername: text("KAFKA_USERNAME", "User for SASL at Kafka. `BUS_URL` may contain it instead."),
  kafkaPassword: text("KAFKA_PASSWORD", "That user's password."),
  kafkaMechanism: defineSetting({
    env: "KAFKA_SASL_MECHANISM",
    flag: null,
    placeholder: "NAME",
    fallback: null,
    schema: z.enum(["plain", "scram-sha-256", "scram-sha-512"], "must be plain, scram-sha-256 or scram-sha-512").optional(),
    description: "`plain`, `scram-sha-256` or `scram-sha-512`, which is the default if there is a user.",
  }),
  kafkaSsl: defineSetting({
    env: "KAFKA_SSL",
    flag: null,
    placeholder: "BOOLEAN",
    fallback: null,
    schema: z
      .enum(["true", "false"], "must be true or false")
      .transform((value) => value === "true")
      .optional(),
    description: "`true` for TLS to Kafka. Any of the three files below also turns it on.",
  }),
  kafkaCaFile: text("KAFKA_CA_FILE", "PEM file of the authority that signed the brokers' certificates, if it is not a public one."),
  kafkaCertFile: text("KAFKA_CERT_FILE", "PEM file of the client certificate for Kafka."),
  kafkaKeyFile: text("KAFKA_KEY_FILE", "PEM file of the key of that certificate."),
};
