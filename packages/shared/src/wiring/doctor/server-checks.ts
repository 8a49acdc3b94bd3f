import { openRedisLock } from "../../adapters/redis/redis-lock.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemEntropy } from "../../adapters/system/entropy.ts";
import { AppError } from "../../domain/app-error.ts";
import { silentLogger, type Logger } from "../../runtime/log/logger.ts";
import { externalQueuesSetting, queuesSetting } from "../../runtime/config/common-settings.ts";
import { busUrlSetting, kafkaSettings, lockUrlSetting, registryUrlSetting, storeUrlSetting } from "../../runtime/config/server-settings.ts";
import { serverCheck, type ServerCheck } from "./doctor.ts";
import { toKafkaSecurity } from "../open-servers.ts";

/** Long: on a busy machine a slow server is not unavailable. */
const ANSWER_MS = 10_000;
const LOCK_TTL_MS = 10_000;
const CA_FILE = "the PEM file of the authority that signed it";
const EXTRA_CA = `set NODE_EXTRA_CA_CERTS to ${CA_FILE}`;
const LOGIN_REFUSED: readonly number[] = [401, 403];

const store = serverCheck({
  variable: "STORE_URL",
  server: "MongoDB",
  table: { url: storeUrlSetting },
  without: "",
  access: {
    login: "the user or password in STORE_URL (authSource=… says in which database the user is)",
    trust: `${EXTRA_CA}, or name that file in STORE_URL as tlsCAFile=…`,
  },
  async look({ url }) {
    const { connect } = await import("../../adapters/mongodb/server/connection.ts");
    const connection = await connect({ url, serverSelectionMs: ANSWER_MS, answerMs: ANSWER_MS });
    try {
      const { version } = (await connection.getClient().db().command({ buildInfo: 1 })) as { version: string }; // What the command answers.
      await connection.collection("jobs").findOne({}, { projection: { _id: 1 } }); // The above is answered without a login, this is not.
      return `MongoDB answers (version ${version}, database ${connection.name})`;
    } finally {
      await connection.close();
    }
  },
});

const bus = serverCheck({
  variable: "BUS_URL",
  server: "Kafka",
  table: { url: busUrlSetting, queues: queuesSetting, externalQueues: externalQueuesSetting, ...kafkaSettings },
  without: "",
  access: {
    login: "KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM, or what BUS_URL says of them",
    trust: `set KAFKA_CA_FILE to ${CA_FILE}`,
  },
  async look({ url, queues, externalQueues, ...security }) {
    const { createKafkaClient } = await import("../../adapters/kafka/client/kafka-client.ts");
    const { parseKafkaUrl } = await import("../../adapters/kafka/client/kafka-url.ts");
    const { planTopics } = await import("../../adapters/kafka/topic-plan.ts");
    const address = parseKafkaUrl(url, toKafkaSecurity(security));
    const admin = createKafkaClient({ address, clientId: "tickline-doctor", log: silentLogger, requestMs: ANSWER_MS, retries: 1 }).admin();
    try {
      await admin.connect();
      const existing = new Set(await admin.listTopics());
      const wanted = planTopics({
        queues: [...queues, ...externalQueues],
        partitions: 1,
        replicas: 1,
        retentionMs: 1,
        deadRetentionMs: 1,
      }).map(({ name }) => name);
      const missing = wanted.filter((name) => !existing.has(name));
      if (missing.length > 0)
        throw new AppError("bad_config", `Kafka answers, but has no topic ${missing.join(", ")}: npm run topics makes them`);
      return `Kafka answers, and has all ${wanted.length} topics`;
    } finally {
      await admin.disconnect();
    }
  },
});

const lock = serverCheck({
  variable: "LOCK_URL",
  server: "Redis",
  table: { url: lockUrlSetting },
  without: "schedulers share the work by leases in the store",
  access: { login: "the user or password in LOCK_URL", trust: EXTRA_CA },
  async look({ url }) {
    if (url === undefined) return null;
    const faults: string[] = [];
    const log: Logger = { ...silentLogger, child: () => log, warn: ({ err }: { err: Error }) => void faults.push(err.message) };
    const server = await openRedisLock({ url, clock: systemClock, log, answerMs: ANSWER_MS / 2 });
    try {
      const hold = await server.acquire(`tickline-doctor-${systemEntropy.newToken()}`, LOCK_TTL_MS);
      await hold?.release();
      if (hold === null) throw new Error(`no lock was granted: ${faults[0] ?? "Redis does not answer"}`);
      return "Redis answers, and grants a lock";
    } finally {
      await server.close();
    }
  },
});

const registry = serverCheck({
  variable: "REGISTRY_URL",
  server: "the schema registry",
  table: { url: registryUrlSetting },
  without: "events are JSON",
  access: { login: "the user or password in REGISTRY_URL", trust: EXTRA_CA },
  async look({ url }) {
    if (url === undefined) return null;
    const { username, password, ...rest } = splitCredentials(url);
    const headers = username === "" ? undefined : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
    const asked = { signal: AbortSignal.timeout(ANSWER_MS), ...(headers && { headers }) };
    const response = await fetch(`${rest.base}/subjects`, asked).catch((fault: Error) => {
      const { message } = fault.cause instanceof Error ? fault.cause : fault; // The cause explains more than "fetch failed".
      throw new Error(`${rest.base} does not answer: ${message}`, { cause: fault });
    });
    if (LOGIN_REFUSED.includes(response.status)) throw new Error(`${rest.base}/subjects answers ${response.status}`);
    const subjects: unknown = response.ok ? await response.json().catch(() => null) : null;
    if (!Array.isArray(subjects))
      throw new Error(`${rest.base}/subjects answers ${response.status}: that is not the API of a schema registry`);
    return `the schema registry answers (${subjects.length} subjects)`;
  },
});

function splitCredentials(text: string): { readonly base: string; readonly username: string; readonly password: string } {
  const url = new URL(text);
  const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  url.username = "";
  url.password = "";
  return { base: url.href.replace(/\/$/, ""), username, password };
}

/** All servers of the three services. */
export const SERVER_CHECKS: readonly ServerCheck[] = [store, bus, lock, registry];
