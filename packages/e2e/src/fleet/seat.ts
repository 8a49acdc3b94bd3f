import { setTimeout as wait } from "node:timers/promises";
import { startService, type Role, type ServiceProcess, type Settings } from "./service-process.ts";

/** A place for one process of a service, filled again whenever it gets empty: what an orchestrator does. */
export interface Seat {
  readonly role: Role;
  /** Of its API, or of its health, in its present life; null: it has none, or is not up yet. */
  readonly url: string | null;
  /** Lives that ended by themselves, with what they said: a server was away for too long, or something is wrong. */
  readonly falls: readonly string[];
  /** Everything its processes wrote to standard error. */
  stderr(): string;
  whenUp(): Promise<void>;
  /** `kill -9`; resolves when the process is no more. Another follows at once. */
  kill(): Promise<void>;
  /** SIGSTOP: it stands still, and knows nothing of it. */
  pause(): void;
  unpause(): void;
  /** SIGTERM, and nobody follows. Resolves with how it ended. */
  end(): Promise<number | NodeJS.Signals | null>;
  /** After `end`: somebody follows. */
  start(): void;
}

/** Wait before a process that ended by itself is followed by another. */
const RESTART_MS = 500;
/** Of what a process said before it fell. Characters. */
const FALL_SHOWN_MAX = 2_000;

export function createSeat(role: Role, settings: Settings): Seat {
  const falls: string[] = [];
  let errors = "";
  let up = Promise.withResolvers<void>();
  let url: string | null = null;
  /** The process that should be running; null: nobody should. */
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
    falls.push(`${role} ended by itself with ${how}: ${life.stderr().slice(-FALL_SHOWN_MAX)}`);
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
    falls,
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
