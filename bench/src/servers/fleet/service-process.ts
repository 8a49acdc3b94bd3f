import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { listening } from "../../process/listening.ts";
import { readMetrics, type Metrics } from "./prometheus-text.ts";

export const ROLES = ["api", "scheduler", "executor"] as const;
export type Role = (typeof ROLES)[number];

/** One service as `npm run start:<role>` runs it, less npm. */
export interface ServiceProcess {
  readonly role: Role;
  /** `<role> 1`, `<role> 2`, … */
  readonly name: string;
  readonly url: string;
  metrics(): Promise<Metrics>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folder for a CPU profile; null: none. */
  readonly profileDir: string | null;
}

/** A service that finds a server not yet ready ends with a message; its supervisor starts it again. */
const STARTS_MAX = 3;

/** Resolves when it has said that it runs. */
export async function startService(role: Role, options: ServiceOptions): Promise<ServiceProcess> {
  for (let start = 1; ; start += 1) {
    try {
      return await startOnce(role, options);
    } catch (fault) {
      if (start === STARTS_MAX) throw fault;
    }
  }
}

async function startOnce(role: Role, { name, env, profileDir }: ServiceOptions): Promise<ServiceProcess> {
  const main = path.resolve(import.meta.dirname, `../../../../packages/${role}/src/main.ts`);
  const profile = profileDir === null ? [] : profileArgs(profileDir, name);
  const child = spawn(process.execPath, ["--conditions=@tickline/source", ...profile, main], {
    env: { ...process.env, ...env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill); // Whatever ends the bench leaves nothing behind.
  const url = await listening(child, name).catch((fault: unknown) => {
    process.off("exit", kill);
    throw fault;
  });
  return {
    role,
    name,
    url,
    metrics: async () => readMetrics(await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text()),
    async stop() {
      process.off("exit", kill);
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const profileArgs = (dir: string, name: string): string[] => [
  "--cpu-prof",
  `--cpu-prof-dir=${dir}`,
  `--cpu-prof-name=${name.replace(" ", "-")}.cpuprofile`,
  "--cpu-prof-interval=500",
];
