import type { GenericContainer, StartedTestContainer, WaitStrategy } from "testcontainers";
import { createContainerFaults, type ContainerFaults } from "./container-faults.ts";
import { freePort } from "./free-port.ts";
import type { ServerName } from "./servers.ts";

/** A server in a container of its own. */
export interface ServerContainer {
  /** Its address, in the form of the environment variable of this server. */
  readonly address: string;
  /** The faults that a test can cause. The port on the host stays the same. */
  readonly faults: ContainerFaults;
  stop(): Promise<void>;
}

const STARTUP_MS_MAX = 120_000;

/** Why no container can run here; null: Docker answers. */
export async function dockerFault(): Promise<string | null> {
  const { getContainerRuntimeClient } = await import("testcontainers"); // It takes seconds to load, so only when it is needed.
  try {
    await getContainerRuntimeClient();
    return null;
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault);
  }
}

/** The host of the ports of containers. */
export async function containerHost(): Promise<string> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return (await getContainerRuntimeClient()).info.containerRuntime.host;
}

/** Pulls the image if it is missing, starts it, and waits until the server answers. */
export function startContainer(name: ServerName, image: string): Promise<ServerContainer> {
  switch (name) {
    case "kafka":
      return startKafka(image);
    case "mongodb":
      return start(image, { port: 27_017, ready: ({ forListeningPorts }) => forListeningPorts(), address: (at) => `mongodb://${at}` });
    case "redis":
      return start(image, {
        port: 6_379,
        ready: ({ forLogMessage }) => forLogMessage(/Ready to accept connections/),
        address: (at) => `redis://${at}`,
      });
    case "registry":
      return start(image, {
        port: 8_080,
        ready: ({ forHttp }) => forHttp("/apis/ccompat/v7/subjects", 8_080),
        address: (at) => `http://${at}/apis/ccompat/v7`,
      });
  }
}

interface Recipe {
  readonly port: number;
  readonly ready: (wait: typeof import("testcontainers").Wait) => WaitStrategy;
  readonly address: (hostAndPort: string) => string;
}

async function start(image: string, { port, ready, address }: Recipe): Promise<ServerContainer> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = new GenericContainer(image).withExposedPorts({ container: port, host: await freePort() }).withWaitStrategy(ready(Wait));
  return started(container, (running) => address(`${running.getHost()}:${running.getMappedPort(port)}`));
}

async function startKafka(image: string): Promise<ServerContainer> {
  const { container, address } = await kafkaContainer(image);
  return started(container, () => address);
}

/** A broker sends its address to clients, so it must know its port on the host before it starts. A restart keeps the port. */
export async function kafkaContainer(image: string, more: (address: string) => Record<string, string> = () => ({})) {
  const { GenericContainer, Wait } = await import("testcontainers");
  const port = await freePort();
  const address = `${await containerHost()}:${port}`;
  const container = new GenericContainer(image)
    .withExposedPorts({ container: 9_092, host: port })
    .withEnvironment({ ...kafkaEnvironment(address), ...more(address) })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(STARTUP_MS_MAX);
  return { container, address };
}

/** One broker that is its own controller, and does not wait for more members when a group begins. */
const kafkaEnvironment = (advertised: string): Record<string, string> => ({
  KAFKA_NODE_ID: "1",
  KAFKA_PROCESS_ROLES: "broker,controller",
  KAFKA_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9093",
  KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${advertised}`,
  KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
  KAFKA_CONTROLLER_QUORUM_VOTERS: "1@localhost:9093",
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
  KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
});

async function started(container: GenericContainer, addressOf: (running: StartedTestContainer) => string): Promise<ServerContainer> {
  const running = await container.withStartupTimeout(STARTUP_MS_MAX).start();
  const faults = await createContainerFaults(running.getId());
  return { address: addressOf(running), faults, stop: async () => void (await running.stop()) };
}
