import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { REPOSITORY } from "../product/product-process.ts";

export type Role = "api" | "scheduler" | "executor";
export type Settings = Readonly<Record<string, string>>;

/** One process of a service, started as `npm run start:<role>` starts it: no wrapper, so that a signal meets the service itself. */
export interface ServiceProcess {
  readonly spawnedAt: number;
  /** Resolves with its address when it said that it runs. Never, if it ends before that. */
  readonly up: Promise<string>;
  /** Resolves with how it ended: an exit code or a signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  signal(name: NodeJS.Signals): void;
  stderr(): string;
}

const mainFile = (role: Role): string => fileURLToPath(new URL(`../../../${role}/src/main.ts`, import.meta.url));

const ADDRESS = /http:\/\/[\d.]+:\d+/;

/** Settings of the machine that runs the tests must not be settings of the services. */
const SETTINGS = /^(PORT|HOST|STORE_URL|BUS_URL|LOCK_URL|REGISTRY_URL|KAFKA_.*|QUEUES|EXTERNAL_QUEUES|ALLOWED_HOSTS|.*_DAYS|.*_MS)$/;
export const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)));

export function startService(role: Role, settings: Settings): ServiceProcess {
  const child = spawn(process.execPath, ["--conditions=@tickline/source", mainFile(role)], {
    cwd: REPOSITORY,
    env: { ...ENVIRONMENT, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (complaints += text));
  const { promise: up, resolve } = Promise.withResolvers<string>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    const url = ADDRESS.exec(said)?.[0];
    if (url !== undefined) resolve(url);
  });
  return {
    spawnedAt: Date.now(),
    up,
    ended: once(child, "exit").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals), // One of both, says Node.
    signal: (name) => void child.kill(name),
    stderr: () => complaints,
  };
}
