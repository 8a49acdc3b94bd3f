import { readdir, readFile } from "node:fs/promises";

/** Where Linux shows the processes. */
export const PROCESSES = "/proc";

/** The numbers of all processes. Null: the system does not show them. */
export async function listProcesses(): Promise<readonly number[] | null> {
  const names = await readdir(PROCESSES).catch(() => null);
  return names?.filter((name) => /^\d+$/.test(name)).map(Number) ?? null;
}

/**
 * Whether a process of this group can still act. One that has ended and was not yet reaped cannot: in a container whose first process reaps none,
 * such processes stay, and still count for the system as members. Null: the system does not show it.
 */
export async function hasActiveMember(group: number): Promise<boolean | null> {
  const pids = await listProcesses();
  if (pids === null) return null;
  for (const pid of pids) if (isActiveMember(await readStat(pid), group)) return true;
  return false;
}

/** Empty: it has ended. */
const readStat = (pid: number): Promise<string> => readFile(`${PROCESSES}/${pid}/stat`, "latin1").catch(() => "");

/** The name of the program stands in parentheses and may contain any character; state, parent and group follow. */
function isActiveMember(stat: string, group: number): boolean {
  const [state, , memberOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(memberOf) === group && state !== "Z" && state !== "X";
}
