import { readdirSync, readFileSync } from "node:fs";

/** Where Linux shows the processes. Elsewhere nothing is found here, and the watcher of the process group is the only fence. */
const PROCESSES = "/proc";

/** The variable by which the processes of a run are recognised. All that they start inherits it. */
export const RUN_ID_VARIABLE = "TICKLINE_RUN_ID";

/**
 * Ends what an earlier attempt of this run has left on this machine, also processes that left its process group: two attempts of a run never act
 * at the same time. Only processes that this user may read and end are found. Returns how many were ended.
 */
export function endLeftovers(runId: string): number {
  const mark = `${RUN_ID_VARIABLE}=${runId}`;
  return listProcesses().filter((pid) => readEnvironment(pid).includes(mark) && end(pid)).length;
}

function listProcesses(): number[] {
  try {
    return readdirSync(PROCESSES).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

function readEnvironment(pid: number): readonly string[] {
  try {
    return readFileSync(`${PROCESSES}/${pid}/environ`, "latin1").split("\0");
  } catch {
    return []; // It has ended, or belongs to another user.
  }
}

function end(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
