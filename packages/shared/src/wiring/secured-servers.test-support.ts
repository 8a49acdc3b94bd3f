import { GenericContainer, Wait } from "testcontainers";
import { kafkaContainer, startContainer } from "../testing/servers/containers.ts";
import type { ServerName } from "../testing/servers/servers.ts";
import { startHttpsProxy } from "../testing/tls/https-in-front.ts";
import type { SelfSigned } from "../testing/tls/self-signed.ts";
import { startTlsProxy } from "../testing/tls/tls-in-front.ts";

/** Needs escaping wherever it stands in a URL. */
export const PASSWORD = "s3:cret/@00";
/** Users of Kafka, by how they log in. */
export const KAFKA_USERS = { plain: "plainly", "scram-sha-512": "scrambled" } as const;

interface SecuredServer {
  /** `host:port`, to be named as the certificate does. */
  readonly address: string;
  stop(): Promise<unknown>;
}
type Starter = (image: string, identity: SelfSigned) => Promise<SecuredServer>;

/** Each server as on an open network: TLS only, and a password required. */
const STARTERS: Readonly<Record<ServerName, Starter>> = {
  kafka: startKafka,
  redis: startRedis,
  mongodb: startMongodb,
  registry: startRegistry,
};

export async function startSecured(imageOf: (server: ServerName) => string, identity: SelfSigned) {
  const names = Object.keys(STARTERS) as ServerName[]; // The keys of the table are exactly these.
  const started = await Promise.all(names.map(async (name) => [name, await STARTERS[name](imageOf(name), identity)] as const));
  return {
    addresses: Object.fromEntries(started.map(([name, { address }]) => [name, address])) as Readonly<Record<ServerName, string>>,
    stop: () => Promise.all(started.map(([, server]) => server.stop())),
  };
}

const SECRETS = "/etc/kafka/secrets";

/** Clients come by SASL over TLS; a broker has no user by SCRAM until one is made over a listener that asks for none. */
async function startKafka(image: string, { key, certificate }: SelfSigned): Promise<SecuredServer> {
  const { container, address } = await kafkaContainer(image, (advertised) => ({
    KAFKA_LISTENERS: "CLIENTS://:9092,INSIDE://localhost:19092,CONTROLLER://localhost:9093",
    KAFKA_ADVERTISED_LISTENERS: `CLIENTS://${advertised},INSIDE://localhost:19092`,
    KAFKA_INTER_BROKER_LISTENER_NAME: "INSIDE",
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,INSIDE:PLAINTEXT,CLIENTS:SASL_SSL",
    KAFKA_SSL_KEYSTORE_TYPE: "PEM",
    KAFKA_SSL_KEYSTORE_LOCATION: `${SECRETS}/broker.pem`,
    KAFKA_SASL_ENABLED_MECHANISMS: "PLAIN,SCRAM-SHA-512",
    KAFKA_LISTENER_NAME_CLIENTS_PLAIN_SASL_JAAS_CONFIG: `org.apache.kafka.common.security.plain.PlainLoginModule required user_${KAFKA_USERS.plain}="${PASSWORD}";`,
    KAFKA_LISTENER_NAME_CLIENTS_SCRAM___SHA___512_SASL_JAAS_CONFIG: "org.apache.kafka.common.security.scram.ScramLoginModule required;",
  }));
  const running = await container
    .withCopyContentToContainer([{ content: key + certificate, target: `${SECRETS}/broker.pem`, mode: 0o644 }])
    .start();
  const user = ["--entity-type", "users", "--entity-name", KAFKA_USERS["scram-sha-512"]];
  const set = ["--alter", "--add-config", `SCRAM-SHA-512=[password=${PASSWORD}]`, ...user];
  const java = ["java", "-XX:TieredStopAtLevel=1", "-cp", "/opt/kafka/libs/*", "kafka.admin.ConfigCommand"];
  const { exitCode, output } = await running.exec([...java, "--bootstrap-server", "localhost:19092", ...set]);
  if (exitCode !== 0) throw new Error(`no user of Kafka could be made: ${output}`);
  return { address, stop: () => running.stop() };
}

async function startRedis(image: string, { key, certificate }: SelfSigned): Promise<SecuredServer> {
  const files = "--tls-cert-file /tls/cert.pem --tls-key-file /tls/key.pem";
  const running = await new GenericContainer(image)
    .withExposedPorts(6_379)
    .withCopyContentToContainer([
      { content: key, target: "/tls/key.pem", mode: 0o644 },
      { content: certificate, target: "/tls/cert.pem", mode: 0o644 },
    ])
    .withCommand(`redis-server --port 0 --tls-port 6379 --tls-auth-clients no ${files} --requirepass ${PASSWORD}`.split(" "))
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  return { address: `${running.getHost()}:${running.getMappedPort(6_379)}`, stop: () => running.stop() };
}

/** TLS in front, since what stands in for MongoDB takes it by other options. */
async function startMongodb(image: string, identity: SelfSigned): Promise<SecuredServer> {
  const running = await new GenericContainer(image)
    .withExposedPorts(27_017)
    .withEnvironment({ MONGO_INITDB_ROOT_USERNAME: "tickline", MONGO_INITDB_ROOT_PASSWORD: PASSWORD })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const front = await startTlsProxy({ hostname: running.getHost(), port: String(running.getMappedPort(27_017)) }, identity);
  return { address: `localhost:${front.port}`, stop: () => Promise.all([front.close(), running.stop()]) };
}

/** TLS and the login in front: the registry itself has neither. */
async function startRegistry(image: string, identity: SelfSigned): Promise<SecuredServer> {
  const running = await startContainer("registry", image);
  const front = await startHttpsProxy({ target: new URL(running.address).origin, identity, username: "tickline", password: PASSWORD });
  return { address: `localhost:${front.port}`, stop: () => Promise.all([front.close(), running.stop()]) };
}
