import { dockerFault, startContainer, type ServerContainer } from "@tickline/shared/testing/servers/containers";
import { chooseImage, type ServerName } from "@tickline/shared/testing/servers/servers";

/** The servers of one bench. Those that were started for it end with it. */
export interface BenchServers {
  readonly storeUrl: string;
  readonly busUrl: string;
  readonly lockUrl: string | null;
  readonly registryUrl: string | null;
  /** Where the servers came from, for the readers of the table. */
  readonly origin: string;
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = { mongodb: "STORE_URL", kafka: "BUS_URL", redis: "LOCK_URL", registry: "REGISTRY_URL" } as const;
const NAMES: readonly ServerName[] = ["mongodb", "kafka", "redis", "registry"];

const isGiven = (env: Environment): boolean => Boolean(env[VARIABLES.mongodb] && env[VARIABLES.kafka]);

/** Why there are no servers; null: there are, or can be. */
export async function serversFault(env: Environment): Promise<string | null> {
  if (isGiven(env)) return null;
  const fault = await dockerFault();
  return fault === null ? null : `set STORE_URL and BUS_URL (and LOCK_URL, REGISTRY_URL), or start Docker (${fault})`;
}

/** With a store and a bus given, what is not given is done without; or else all that is not given is started with Docker. */
export async function openServers(env: Environment): Promise<BenchServers> {
  const started = new Map<ServerName, ServerContainer>();
  if (!isGiven(env)) {
    const missing = NAMES.filter((name) => !env[VARIABLES[name]]);
    const starts = missing.map(async (name) => started.set(name, await startContainer(name, chooseImage(name, env))));
    const failed = (await Promise.allSettled(starts)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") {
      await stopAll(started);
      throw new Error("a server does not start; where images cannot be pulled, .ci/images.sh makes them", { cause: failed.reason });
    }
  }
  const findUrl = (name: ServerName): string | null => env[VARIABLES[name]] || (started.get(name)?.address ?? null);
  const bus = findUrl("kafka") ?? "";
  return {
    storeUrl: findUrl("mongodb") ?? "",
    busUrl: bus.includes("://") ? bus : `kafka://${bus}`,
    lockUrl: findUrl("redis"),
    registryUrl: findUrl("registry"),
    origin: started.size === 0 ? "servers of the environment" : "servers in fresh containers",
    stop: () => stopAll(started),
  };
}

async function stopAll(started: ReadonlyMap<ServerName, ServerContainer>): Promise<void> {
  await Promise.all([...started.values()].map((container) => container.stop()));
}

/** The same server with another database: each measurement has its own. */
export const withDatabase = (storeUrl: string, database: string): string =>
  storeUrl.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${database}`);

/** The port of the first host of a URL. */
export const readPort = (url: string): number => Number(/:(\d+)(?=[,/?]|$)/.exec(url.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/, ""))?.[1] ?? 0);
