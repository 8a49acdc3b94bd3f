import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort } from "@tickline/shared/testing/servers/free-port";
import { REPOSITORY } from "../product/product-process.ts";

/** One container, as `docker compose ps` shows it. */
export interface Replica {
  readonly Service: string;
  readonly Name: string;
  readonly State: string;
  readonly Health: string;
  readonly ExitCode: number;
}

/** All of `docker-compose.yml` with names, ports and images of its own, so that nothing else on the machine is touched. */
export interface ComposeProject {
  /** Of the proxy. */
  readonly address: string;
  /** Builds the images of the services, starts everything, and waits until all of it is healthy. */
  up(replicas: Readonly<Record<string, number>>): Promise<void>;
  /** `docker compose …`; resolves with what it printed, and rejects with all it said. */
  compose(...args: readonly string[]): Promise<string>;
  /** Those that have ended too. */
  replicas(): Promise<readonly Replica[]>;
  /** What the replica says at an address of its own, as `/metrics`. */
  ask(replica: Replica, path: string): Promise<string>;
  /** Ends a replica as a crash does. */
  kill(replica: Replica): Promise<void>;
  /** With volumes and images. */
  remove(): Promise<void>;
}

const PORT_VARIABLES = ["PORT", "KAFKA_PORT", "MONGO_PORT", "REDIS_PORT", "REGISTRY_PORT"] as const;
const ROLES = ["api", "scheduler", "executor"] as const;
const OUTPUT_BYTES_MAX = 64 * 1_048_576;
const run = promisify(execFile);

/** Why nothing can be composed here; null: it can. */
export async function composeFault(): Promise<string | null> {
  try {
    await run("docker", ["version"]);
    await run("docker", ["compose", "version"]);
    return null;
  } catch (fault) {
    return `docker compose: ${fault instanceof Error ? fault.message : String(fault)}`;
  }
}

export async function createComposeProject(name: string): Promise<ComposeProject> {
  const ports = await Promise.all(PORT_VARIABLES.map(freePort));
  const images = ROLES.map((role) => [`${role.toUpperCase()}_IMAGE`, `${name}-${role}`] as const);
  const own = Object.fromEntries([...PORT_VARIABLES.map((variable, index) => [variable, String(ports[index])] as const), ...images]);
  const env = { ...process.env, ...own, COMPOSE_PROJECT_NAME: name };
  const docker = async (...args: readonly string[]) =>
    (await run("docker", args, { cwd: REPOSITORY, env, maxBuffer: OUTPUT_BYTES_MAX })).stdout;
  const compose = (...args: readonly string[]) => docker("compose", "--progress", "quiet", ...args);

  return {
    address: `http://127.0.0.1:${own["PORT"]}`,
    compose,
    async up(replicas) {
      const scale = Object.entries(replicas).flatMap(([service, count]) => ["--scale", `${service}=${count}`]);
      await compose("build");
      await compose("up", "--wait", ...scale);
    },
    async replicas() {
      const lines = (await compose("ps", "--all", "--format", "json")).split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as Replica);
    },
    ask: ({ Name }, path) =>
      docker("exec", Name, "node", "-e", `fetch("http://127.0.0.1:7070${path}").then((answer) => answer.text()).then(console.log)`),
    kill: async ({ Name }) => void (await docker("kill", Name)),
    async remove() {
      await compose("down", "--volumes", "--remove-orphans", "--timeout", "5");
      await docker("image", "rm", "--force", ...images.map(([, image]) => image));
    },
  };
}
