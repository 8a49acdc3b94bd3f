import { expect, test as anywhere } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Elsewhere the handler is untested: it needs /proc and programs of util-linux. */
const test = process.platform === "linux" ? anywhere : anywhere.skip;

const OWNER = new URL("./group-owner.test-support.ts", import.meta.url).pathname;

/** A process that has started this line as a group, and the first line that the group has written. */
async function startOwner(line: string) {
  const owner = spawn(process.execPath, ["--conditions=@tickline/source", OWNER, line], { stdio: ["ignore", "pipe", "inherit"] });
  const [first] = (await once(createInterface(owner.stdout), "line")) as [string];
  return { owner, pids: first.split(" ").map(Number) };
}

const state = (pid: number): string => {
  try {
    return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
  } catch {
    return "gone";
  }
};
const isGone = (pid: number): boolean => ["gone", "Z"].includes(state(pid));

async function becomesGone(pids: readonly number[]): Promise<void> {
  while (!pids.every(isGone)) await new Promise((resolve) => setTimeout(resolve, 5));
}

test.each([
  ["a program that does nothing but wait", "sleep 60 & echo $$ $!; wait"],
  [
    "one that ignores every signal that can be ignored",
    "trap '' HUP INT TERM PIPE; sh -c 'trap \"\" HUP INT TERM PIPE; sleep 60' & echo $$ $!; while :; do sleep 1; done",
  ],
  ["one that has closed what it was given", "exec 2>&- 0<&-; sleep 60 >&- & echo $$ $!; exec >&-; wait"],
])("kill -9 of the executor ends %s, and its children", async (_, line) => {
  const { owner, pids } = await startOwner(line);
  expect(pids.map(isGone)).toEqual([false, false]);
  owner.kill("SIGKILL");
  await once(owner, "exit");
  await becomesGone(pids);
});

test("an executor that is stopped as a whole group, as by Ctrl-C, leaves the program to the watcher", async () => {
  const { owner, pids } = await startOwner("sleep 60 & echo $$ $!; wait");
  owner.kill("SIGINT");
  await once(owner, "exit");
  await becomesGone(pids);
});

/** Processes that run and have this text among their arguments. */
const findRunning = (mark: string): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !isGone(pid) && readArguments(pid).includes(mark));

function readArguments(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

test("killed at any instant of the start, the executor leaves nothing that runs", async () => {
  const mark = `61.${process.pid}`;
  for (let round = 0; round < 20; round += 1) {
    const owner = spawn(process.execPath, ["--conditions=@tickline/source", OWNER, `sleep ${mark} & wait`], { stdio: "ignore" });
    await new Promise((resolve) => setTimeout(resolve, 60 + round * 4));
    owner.kill("SIGKILL");
    await once(owner, "exit");
  }
  while (findRunning(mark).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});
