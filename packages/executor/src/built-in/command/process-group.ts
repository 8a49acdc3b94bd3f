import { spawn, type ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import type { Clock, Timer } from "@tickline/shared/ports/clock";
import { SHELL } from "./allowed-commands.ts";
import { hasActiveMember } from "./group-members.ts";

export interface GroupStart {
  /** Absolute paths and arguments: the program, after the programs that limit it. */
  readonly line: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Null: the user of this process. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly input: string | null;
  readonly onOutput: (chunk: Buffer) => void;
}

export interface GroupEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A program and all that it starts, as one process group. */
export interface ProcessGroup {
  /** Resolves when the program has ended, the rest of its group was killed and its output was read. Rejects when it cannot be started. */
  readonly ended: Promise<GroupEnd>;
  /**
   * SIGTERM for all of the group, and SIGKILL for what is left of it after `killMs`. The time is that of every process of the group, also when the
   * program itself ends at once, as a shell does. Does nothing when it has ended.
   */
  stop(killMs: number): void;
}

/**
 * Waits until it may begin, then becomes the program. The go-ahead comes when the watcher runs, so no instant is left in which the executor can die
 * and the program go on. If the executor dies before that, `read` fails and nothing is started.
 */
const LAUNCHER = 'read -r _ <&3 || exit 1; exec 3<&-; exec "$@"';
/** Kills the group when its standard input closes: the executor holds the other end, and the system closes that however the executor ends. */
const WATCHER = 'read -r _; kill -s KILL -- "-$1"';

/** After the program has ended, its output is read for so long. Only a process that has left the group can hold it open. Milliseconds. */
const OUTPUT_MS_MAX = 1_000;
/** While a group was asked to end and its program has ended, it is looked at so often. Milliseconds. */
const EMPTY_POLL_MS = 50;

export function startGroup(start: GroupStart, clock: Pick<Clock, "setTimer">): ProcessGroup {
  try {
    return spawnGroup(start, clock);
  } catch (fault) {
    return { ended: Promise.reject(fault as Error), stop() {} }; // Such as E2BIG, which is thrown at once.
  }
}

function spawnGroup(start: GroupStart, clock: Pick<Clock, "setTimer">): ProcessGroup {
  const launcher = spawn(SHELL, ["-c", LAUNCHER, SHELL, ...start.line], {
    cwd: start.cwd,
    env: start.env,
    detached: true, // A session and a process group of its own; the number of the group is that of the process.
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    ...start.user,
  });
  const { pid } = launcher;
  if (pid === undefined) return { ended: failedStart(launcher), stop() {} };
  const watcher = spawnWatcher(launcher, pid);
  const signals = createGroupSignals(pid, clock);
  async function endRest(): Promise<void> {
    await signals.endRest();
    watcher.kill("SIGKILL"); // The number of the group may soon be that of another, so before the input of the watcher closes.
  }
  const watched = beginWhenWatched(launcher, watcher, start);
  const ended = waitForEnd(launcher, { clock, onOutput: start.onOutput, endRest });
  return { ended: Promise.all([ended, watched]).then(([end]) => end), stop: signals.stop };
}

function spawnWatcher(launcher: ChildProcess, pid: number): ChildProcess {
  try {
    return spawn(SHELL, ["-c", WATCHER, SHELL, String(pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"], env: {} });
  } catch (fault) {
    launcher.kill("SIGKILL"); // It would wait for ever.
    throw fault;
  }
}

interface GroupSignals {
  stop(killMs: number): void;
  /** To be called when the program has ended. Resolves when the rest of the group has ended by itself, if it was asked to, or was killed. */
  endRest(): Promise<void>;
}

function createGroupSignals(pid: number, clock: Pick<Clock, "setTimer">): GroupSignals {
  let stopped: { readonly graceEnds: Promise<void>; readonly timer: Timer } | null = null;
  let isEnded = false;
  const isActive = async (): Promise<boolean> => signalGroup(pid, 0) && ((await hasActiveMember(pid)) ?? true);
  const whenEmpty = async (): Promise<void> => {
    while (!isEnded && (await isActive())) await new Promise<void>((resolve) => void clock.setTimer(EMPTY_POLL_MS, resolve));
  };
  return {
    stop(killMs) {
      if (isEnded || stopped !== null) return;
      signalGroup(pid, "SIGTERM");
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = clock.setTimer(killMs, () => {
        signalGroup(pid, "SIGKILL");
        resolve();
      });
      stopped = { graceEnds: promise, timer };
    },
    async endRest() {
      if (stopped !== null) await Promise.race([stopped.graceEnds, whenEmpty()]);
      stopped?.timer.cancel();
      signalGroup(pid, "SIGKILL");
      isEnded = true;
    },
  };
}

const failedStart = (child: ChildProcess): Promise<never> => new Promise((_, reject) => child.once("error", reject));

/** Rejects when the watcher cannot be started; then nothing else is. */
function beginWhenWatched(launcher: ChildProcess, watcher: ChildProcess, { input }: GroupStart): Promise<void> {
  const goAhead = launcher.stdio[3] as Writable;
  for (const stream of [goAhead, launcher.stdin, watcher.stdin]) stream?.on("error", () => {}); // The process has ended, which is reported by its end.
  launcher.stdin?.end(input ?? "");
  return new Promise((resolve, reject) => {
    watcher.once("spawn", () => {
      goAhead.end("\n");
      resolve();
    });
    watcher.once("error", (fault) => {
      goAhead.destroy();
      reject(fault);
    });
  });
}

interface EndWatch {
  readonly clock: Pick<Clock, "setTimer">;
  readonly onOutput: (chunk: Buffer) => void;
  /** Called when the program has ended, before what it wrote last is read. */
  readonly endRest: () => Promise<void>;
}

function waitForEnd(launcher: ChildProcess, { clock, onOutput, endRest }: EndWatch): Promise<GroupEnd> {
  const closed = new Promise<void>((resolve) => launcher.once("close", () => resolve()));
  async function readRest(): Promise<void> {
    await endRest();
    const timer = clock.setTimer(OUTPUT_MS_MAX, () => {
      launcher.stdout?.destroy();
      launcher.stderr?.destroy();
    });
    await closed;
    timer.cancel();
  }
  return new Promise((resolve, reject) => {
    launcher.once("error", reject);
    launcher.stdout?.on("data", onOutput);
    launcher.stderr?.on("data", onOutput);
    launcher.once("exit", (exitCode, signal) => void readRest().then(() => resolve({ exitCode, signal }), reject));
  });
}

/** Whether the group has received it. 0: whether there is a group. False also for a group of another user, which only an executor of root can have started. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
