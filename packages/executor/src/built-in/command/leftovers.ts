import { readFile } from "node:fs/promises";
import type { Clock } from "@tickline/shared/ports/clock";
import { CommandFault } from "./command-fault.ts";
import { listProcesses, PROCESSES } from "./group-members.ts";

/** The variable by which the processes of a run are recognised. All that they start inherits it. */
export const RUN_ID_VARIABLE = "TICKLINE_RUN_ID";

/** Processes are looked for so often before the attempt fails. */
const ROUNDS_MAX = 100;
/** Between two looks, in milliseconds. */
const ROUND_MS = 10;

/**
 * Ends what an earlier attempt of this run has left on this machine, also processes that left its process group: two attempts of a run never act
 * at the same time. Only processes that this user may read and end are found. Resolves with their number when none is left: what a process starts
 * while it is looked for is found in the next round. Throws a `CommandFault` when some do not end.
 */
export async function endLeftovers(runId: string, clock: Pick<Clock, "setTimer">): Promise<number> {
  const ended = new Set<number>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const found = await endMarked(`${RUN_ID_VARIABLE}=${runId}`);
    if (found.length === 0) return ended.size;
    for (const pid of found) ended.add(pid);
    await new Promise<void>((resolve) => void clock.setTimer(ROUND_MS, resolve));
  }
  throw new CommandFault("command_leftovers", "processes of an earlier attempt of this run do not end", { retryable: true });
}

/**
 * The processes that have this mark, each of which was sent SIGKILL. Where the system shows no processes none is found, and the watcher of the process
 * group is the only fence. They are read one after another, so that the thread is free for others.
 */
async function endMarked(mark: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const pid of (await listProcesses()) ?? []) {
    if (!(await readEnvironment(pid)).includes(mark)) continue;
    found.push(pid);
    end(pid);
  }
  return found;
}

/** Empty: it has ended, or belongs to another user. */
const readEnvironment = (pid: number): Promise<readonly string[]> =>
  readFile(`${PROCESSES}/${pid}/environ`, "latin1").then(
    (text) => text.split("\0"),
    () => [],
  );

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile, or may not be ended, which the next round finds.
  }
}
