/** Servers that a suite may request. `mongodb` is any server that speaks its protocol. */
export type ServerName = "mongodb" | "kafka" | "redis" | "registry";

/** The addresses of the servers of a suite. To be read inside tests and hooks: earlier, a container may not run yet. */
export interface Servers {
  /** `mongodb://host:port`: each test makes a database of its own. */
  readonly mongodbUrl: string;
  /** `host:port`, several separated by commas: each test makes topics of its own. */
  readonly kafkaBrokers: string;
  /** `redis://host:port`: each test makes keys of its own. */
  readonly redisUrl: string;
  /** Base of a Confluent-compatible API, as `http://host:port/apis/ccompat/v7`: each test makes subjects of its own. */
  readonly registryUrl: string;
}

interface ServerChoice {
  readonly field: keyof Servers;
  /** The variable with the address of a running server. */
  readonly urlVariable: string;
  /** The variable that names another image. */
  readonly imageVariable: string;
  /** The official image, the same as in docker-compose.yml. */
  readonly image: string;
}

export const SERVERS: Readonly<Record<ServerName, ServerChoice>> = {
  mongodb: { field: "mongodbUrl", urlVariable: "TEST_MONGODB_URL", imageVariable: "MONGO_IMAGE", image: "mongo:8" },
  kafka: { field: "kafkaBrokers", urlVariable: "TEST_KAFKA_BROKERS", imageVariable: "KAFKA_IMAGE", image: "apache/kafka:4.1.0" },
  redis: { field: "redisUrl", urlVariable: "TEST_REDIS_URL", imageVariable: "REDIS_IMAGE", image: "redis:8" },
  registry: {
    field: "registryUrl",
    urlVariable: "TEST_REGISTRY_URL",
    imageVariable: "REGISTRY_IMAGE",
    image: "apicurio/apicurio-registry-mem:2.6.13.Final",
  },
};

/** The image a server is started from: the official one, unless a variable names another. */
export const chooseImage = (name: ServerName, env: Readonly<Record<string, string | undefined>>): string =>
  env[SERVERS[name].imageVariable] || SERVERS[name].image;
