import { setTimeout as wait } from "node:timers/promises";
import { startService, type Role, type ServiceProcess, type Settings } from "./service-process.ts";

/** One member of the fleet: a process of a service. When the process ends, another one is started, as an orchestrator does. */
export interface FleetMember {
  readonly role: Role;
  /** The address of its API, or of its health routes; null: no process runs, or it is not up yet. */
  readonly url: string | null;
  /** Processes that ended by themselves, with what they wrote: a server was unavailable for too long, or there is a fault. */
  readonly crashes: readonly string[];
  /** Everything its processes wrote to standard error. */
  stderr(): string;
  whenUp(): Promise<void>;
  /** `kill -9`; resolves when the process has ended. Another one is started at once. */
  kill(): Promise<void>;
  /** SIGSTOP: the process stops, and cannot notice it. */
  pause(): void;
  unpause(): void;
  /** SIGTERM; no other process is started. Resolves with how it ended. */
  end(): Promise<number | NodeJS.Signals | null>;
  /** Starts a process, first or after `end`. */
  start(): void;
}

/** Wait before a process that ended by itself is started again. */
const RESTART_MS = 500;
/** The part that is shown of what a process wrote before it ended. Characters. */
const CRASH_SHOWN_MAX = 2_000;

export function createFleetMember(role: Role, settings: Settings): FleetMember {
  const crashes: string[] = [];
  let errors = "";
  let up = Promise.withResolvers<void>();
  let url: string | null = null;
  /** The process that should be running; null: none should. */
  let wanted: ServiceProcess | null = null;

  function start(): void {
    const life = startService(role, { ...settings, PORT: "0" });
    wanted = life;
    void life.up.then((address) => {
      if (wanted !== life) return;
      url = address;
      up.resolve();
    });
    void life.ended.then((how) => {
      errors += life.stderr();
      if (wanted === life) void follow(life, how);
    });
  }
  async function follow(life: ServiceProcess, how: number | NodeJS.Signals): Promise<void> {
    isGone();
    crashes.push(`${role} ended by itself with ${how}: ${life.stderr().slice(-CRASH_SHOWN_MAX)}`);
    await wait(RESTART_MS);
    if (wanted === life) start();
  }
  function isGone(): void {
    if (url !== null) up = Promise.withResolvers();
    url = null;
  }
  async function finish(signal: "SIGKILL" | "SIGTERM"): Promise<number | NodeJS.Signals | null> {
    const life = wanted;
    wanted = null;
    isGone();
    life?.signal(signal);
    return (await life?.ended) ?? null;
  }
  return {
    role,
    get url() {
      return url;
    },
    crashes,
    stderr: () => errors + (wanted?.stderr() ?? ""),
    whenUp: () => up.promise,
    async kill() {
      await finish("SIGKILL");
      start();
    },
    pause: () => wanted?.signal("SIGSTOP"),
    unpause: () => wanted?.signal("SIGCONT"),
    end: () => finish("SIGTERM"),
    start,
  };
}
