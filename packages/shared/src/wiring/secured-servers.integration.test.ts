import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { Registry } from "prom-client";
import { newTopic, until } from "../adapters/kafka/kafka-bus.test-support.ts";
import { ensureTopics } from "../adapters/kafka/topics-command.ts";
import type { AppError } from "../domain/app-error.ts";
import { sampleEvents } from "../events/sample-events.test-support.ts";
import { readConfig } from "../runtime/config/config.ts";
import { silentLogger } from "../runtime/log/logger.ts";
import { containerHost } from "../testing/servers/containers.ts";
import { describeWithContainers } from "../testing/servers/describe-with-containers.ts";
import { selfSigned, type SelfSigned } from "../testing/tls/self-signed.ts";
import { toKafkaSecurity, openBus, SERVER_SETTINGS } from "./open-servers.ts";
import { KAFKA_USERS, PASSWORD, startSecured } from "./secured-servers.test-support.ts";

jest.setTimeout(120_000);

const ADMIN_COMMAND = fileURLToPath(new URL("admin-command.ts", import.meta.url));
type Environment = Readonly<Record<string, string>>;
type Mechanism = keyof typeof KAFKA_USERS;

await describeWithContainers("servers with TLS and logins", (imageOf) => {
  let servers: Awaited<ReturnType<typeof startSecured>>;
  let folder: string;
  let identity: SelfSigned;
  beforeAll(async () => {
    const hosts = ["localhost", await containerHost()];
    identity = selfSigned(hosts);
    folder = await mkdtemp(join(tmpdir(), "tickline-secured-"));
    await writeFile(join(folder, "ca.pem"), identity.certificate);
    await writeFile(join(folder, "stranger.pem"), selfSigned(hosts).certificate);
    servers = await startSecured(imageOf, identity);
  }, 300_000);
  afterAll(async () => {
    await servers?.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const ends: (() => Promise<void>)[] = [];

  /** What a person sets. */
  function environment({ password = PASSWORD, ca = "ca.pem", mechanism = "plain" as Mechanism } = {}): Environment {
    const { kafka, mongodb, redis, registry } = servers.addresses;
    const login = `tickline:${encodeURIComponent(password)}`;
    return {
      STORE_URL: `mongodb://${login}@${mongodb}/tickline?tls=true&authSource=admin`,
      BUS_URL: `kafka://${kafka}`,
      KAFKA_USERNAME: KAFKA_USERS[mechanism],
      KAFKA_PASSWORD: password,
      KAFKA_SASL_MECHANISM: mechanism,
      KAFKA_CA_FILE: join(folder, ca),
      LOCK_URL: `rediss://:${encodeURIComponent(password)}@${redis}`,
      REGISTRY_URL: `https://${login}@${registry}/apis/ccompat/v7`,
      NODE_EXTRA_CA_CERTS: join(folder, ca),
      TOPIC_PARTITIONS: "1", // Sooner made.
    };
  }

  /** A command as a person starts it: Node reads `NODE_EXTRA_CA_CERTS` at its start alone. */
  const runAdminCommand = (command: string, env: Environment): Promise<{ code: number; said: string }> =>
    new Promise((resolve) => {
      const args = ["--conditions=@tickline/source", ADMIN_COMMAND, command];
      execFile(process.execPath, args, { env: { PATH: process.env["PATH"], ...env } }, (fault, stdout, stderr) =>
        resolve({ code: fault === null ? 0 : Number(fault.code), said: stdout + stderr }),
      );
    });

  test("by the variables alone the database and the topics are made, and the doctor finds all well", async () => {
    const env = environment();
    expect(await Promise.all([runAdminCommand("migrate", env), runAdminCommand("topics", env)])).toMatchObject([{ code: 0 }, { code: 0 }]);
    const { code, said } = await runAdminCommand("doctor", env);
    expect([code, said.split("\n").map((line) => line.slice(0, 22).trim())]).toEqual([
      0,
      ["ok      STORE_URL", "ok      BUS_URL", "ok      LOCK_URL", "ok      REGISTRY_URL", ""],
    ]);
  });

  test.each(["plain", "scram-sha-512"] as const)(
    "events go through Kafka with a login by %s, in Avro by a registry with another",
    async (mechanism) => {
      const trusted = getCACertificates("default");
      ends.push(async () => setDefaultCACertificates(trusted));
      setDefaultCACertificates([...trusted, identity.certificate]); // For the registry; Kafka's is in its file.
      const settings = readConfig(SERVER_SETTINGS, { env: environment({ mechanism }), flags: {} });
      const topic = newTopic();
      const topics = [topic, `${topic}.dead`].map((name) => ({ name, partitions: 1, replicas: 1, retentionMs: 3_600_000 }));
      await ensureTopics({ url: settings.busUrl, security: toKafkaSecurity(settings), clientId: "test", log: silentLogger, topics });
      const deaths: AppError[] = [];
      const bus = await openBus({
        settings,
        clientId: "test",
        log: silentLogger,
        metrics: new Registry(),
        onDead: (fault) => void deaths.push(fault),
      });
      ends.push(() => bus.close());
      const seen = new Set<string>();
      const onBatch = (events: readonly { readonly type: string }[]): void => events.forEach(({ type }) => seen.add(type));
      await bus.subscribe({ topics: [topic], group: `${topic}.group`, from: "beginning", onBatch });
      await bus.publish(topic, sampleEvents());
      const all = new Set(sampleEvents().map(({ type }) => type));
      await until(() => seen.size === all.size);
      await bus.close();
      setDefaultCACertificates(trusted);
      expect(deaths).toEqual([]);
    },
  );

  test.each(["plain", "scram-sha-512"] as const)("a wrong password is reported as one, with what to change: %s", async (mechanism) => {
    const { code, said } = await runAdminCommand("doctor", environment({ password: "not the one", mechanism }));
    expect(code).toBe(1);
    expect(adviceIn(said)).toEqual({
      STORE_URL: "It refuses the login: change the user or password in STORE_URL (authSource=… says in which database the user is).",
      BUS_URL: "It refuses the login: change KAFKA_USERNAME, KAFKA_PASSWORD or KAFKA_SASL_MECHANISM, or what BUS_URL says of them.",
      LOCK_URL: "It refuses the login: change the user or password in LOCK_URL.",
      REGISTRY_URL: "It refuses the login: change the user or password in REGISTRY_URL.",
    });
    expect(said).not.toContain("not the one");
  });

  test("access without a login is refused", async () => {
    const { STORE_URL = "", LOCK_URL = "", REGISTRY_URL = "", ...rest } = environment();
    const open = [STORE_URL, LOCK_URL, REGISTRY_URL].map((url) => url.replace(/\/\/.*@/, "//"));
    const { said } = await runAdminCommand("doctor", {
      ...rest,
      STORE_URL: open[0] ?? "",
      LOCK_URL: open[1] ?? "",
      REGISTRY_URL: open[2] ?? "",
    });
    const { BUS_URL, ...others } = adviceIn(said);
    expect(BUS_URL).toBeUndefined(); // Its login is in variables of its own.
    expect(Object.values(others)).toEqual(Array.from({ length: 3 }, () => expect.stringContaining("It refuses the login")));
  });

  test("a certificate of an untrusted authority is reported as one, with where to name the authority", async () => {
    const { code, said } = await runAdminCommand("doctor", environment({ ca: "stranger.pem" }));
    const file = "the PEM file of the authority that signed it";
    const untrusted = "Its certificate is signed by an authority that is not trusted here:";
    expect(code).toBe(1);
    expect(adviceIn(said)).toEqual({
      STORE_URL: `${untrusted} set NODE_EXTRA_CA_CERTS to ${file}, or name that file in STORE_URL as tlsCAFile=….`,
      BUS_URL: `${untrusted} set KAFKA_CA_FILE to ${file}.`,
      LOCK_URL: `${untrusted} set NODE_EXTRA_CA_CERTS to ${file}.`,
      REGISTRY_URL: `${untrusted} set NODE_EXTRA_CA_CERTS to ${file}.`,
    });
  });
});

/** What the doctor advises for each server that fails, by its variable. */
const adviceIn = (said: string): Record<string, string> =>
  Object.fromEntries([...said.matchAll(/^fails +(\w+) .*\n +(.*)$/gm)].map(([, variable = "", advice = ""]) => [variable, advice]));
