import { spawn, type ChildProcess } from "node:child_process";
import type { Writable } from "node:stream";
import type { Clock } from "@tickline/shared/ports/clock";
import { SHELL } from "./allowed-commands.ts";

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
  /** SIGTERM for all of the group, and SIGKILL after `killMs`. Does nothing when it has ended. */
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

export function startGroup(start: GroupStart, clock: Pick<Clock, "setTimer">): ProcessGroup {
  const launcher = spawn(SHELL, ["-c", LAUNCHER, SHELL, ...start.line], {
    cwd: start.cwd,
    env: start.env,
    detached: true, // A session and a process group of its own; the number of the group is that of the process.
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    ...start.user,
  });
  const { pid } = launcher;
  if (pid === undefined) return { ended: failedStart(launcher), stop() {} };
  const watcher = spawn(SHELL, ["-c", WATCHER, SHELL, String(pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"], env: {} });
  let exited = false;
  const kill = (signal: NodeJS.Signals): void => {
    if (!exited) killGroup(pid, signal);
  };
  function onExit(): void {
    kill("SIGKILL"); // What the program has left in its group.
    exited = true; // The number of the group may soon be that of another.
    watcher.kill("SIGKILL"); // So also before its input closes.
  }
  const watched = beginWhenWatched(launcher, watcher, start);
  return {
    ended: Promise.all([waitForEnd(launcher, { clock, onOutput: start.onOutput, onExit }), watched]).then(([end]) => end),
    stop(killMs) {
      kill("SIGTERM");
      clock.setTimer(killMs, () => kill("SIGKILL"));
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
  readonly onExit: () => void;
}

function waitForEnd(launcher: ChildProcess, { clock, onOutput, onExit }: EndWatch): Promise<GroupEnd> {
  return new Promise((resolve, reject) => {
    launcher.once("error", reject);
    launcher.stdout?.on("data", onOutput);
    launcher.stderr?.on("data", onOutput);
    launcher.once("exit", (exitCode, signal) => {
      onExit();
      const timer = clock.setTimer(OUTPUT_MS_MAX, () => {
        launcher.stdout?.destroy();
        launcher.stderr?.destroy();
      });
      launcher.once("close", () => {
        timer.cancel();
        resolve({ exitCode, signal });
      });
    });
  });
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone, or is that of another user, which only an executor of root can have started.
  }
}
