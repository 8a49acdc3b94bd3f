import { afterAll, describe, expect, test as anywhere } from "@jest/globals";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { START } from "@tickline/shared/testing/factories";
import { toIso } from "@tickline/shared/domain/time/instant";
import { checkOutput } from "../../attempt/check-output.ts";
import { RunAborted } from "../../attempt/run-aborted.ts";
import { setup, shell, type GivenParams } from "./command-handler.test-support.ts";

/** Elsewhere the handler is untested: it needs /proc and programs of util-linux. */
const test = process.platform === "linux" ? anywhere : anywhere.skip;

const folder = mkdtempSync(path.join(tmpdir(), "tickline-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves when the file is there. */
async function appears(file: string): Promise<string> {
  while (!existsSync(file) || readFileSync(file, "utf8") === "") await new Promise((resolve) => setTimeout(resolve, 5));
  return readFileSync(file, "utf8").trim();
}
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};

/** A signal was sent, so the process does nothing any more; the system takes a moment to remove it. */
async function becomesGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("the output has the exit code and what the program wrote to both streams, in order", async () => {
  const { run } = setup();
  expect(await run({ program: "printf", args: ["%s|", "a b", "$HOME", "*"] })).toEqual({
    exitCode: 0,
    log: "a b|$HOME|*|",
    logBytes: 12,
    truncated: false,
  });
  expect((await run(shell("echo out; sleep 0.05; echo err >&2; sleep 0.05; echo out"))).log).toBe("out\nerr\nout\n");
});

describe("how it ends", () => {
  const ends: [string, GivenParams, object][] = [
    [
      "another exit code",
      shell("echo no space; exit 3"),
      { code: "command_exit", retryable: true, message: "the shell line exited with 3, expected 0; the end of its output: no space" },
    ],
    [
      "a code that is not retried",
      shell("exit 4", { noRetryCodes: [4] }),
      { code: "command_exit", retryable: false, message: "the shell line exited with 4, expected 0; it wrote nothing" },
    ],
    [
      "0, where it is no success",
      { program: "true", successCodes: [1, 2] },
      { code: "command_exit", message: expect.stringContaining("true exited with 0, expected 1 or 2") },
    ],
    [
      "a signal",
      shell("kill -9 $$"),
      { code: "command_signal", retryable: true, message: "the shell line was ended by SIGKILL; it wrote nothing" },
    ],
    [
      "no such program",
      { program: "not-there" },
      { code: "command_not_found", retryable: false, message: "not-there is not a program in the executor's PATH" },
    ],
    ["no such file", { program: "/not/there" }, { code: "command_not_found", retryable: false }],
    [
      "a relative path",
      { program: "bin/x" },
      { code: "command_not_found", retryable: false, message: "bin/x is not an absolute path of a file that can be executed" },
    ],
    [
      "no such folder",
      { program: "pwd", cwd: "/not/there" },
      { code: "command_not_started", retryable: false, message: "pwd cannot be started: there is no folder /not/there" },
    ],
    [
      "arguments that are too long for the system",
      { program: "true", args: ["x".repeat(200_000)] },
      {
        code: "command_not_started",
        retryable: false,
        message: expect.stringContaining("true cannot be started: its arguments and variables"),
      },
    ],
    ["no such user", { program: "true", user: "nobody-at-all" }, { code: "command_user", retryable: false }],
  ];
  test.each(ends)("%s", async (_, params, fault) => {
    expect(await setup().readFault(params)).toMatchObject(fault);
  });
  test("codes that are a success", async () => {
    expect((await setup().run(shell("exit 1", { successCodes: [0, 1] }))).exitCode).toBe(1);
  });
});

test("the program gets its variables and those of the run, and nothing else of the executor's environment", async () => {
  const { run } = setup({ environment: { PATH: process.env["PATH"], HOME: "/home/x", STORE_URL: "mongodb://user:secret@db", LANG: "C" } });
  const { log } = await run({ program: "env", env: { TARGET: "/backups", HOME: "/own" } });
  const names = Object.fromEntries(
    log
      .trim()
      .split("\n")
      .map((line) => line.split("=", 2)),
  );
  delete names["PWD"]; // Set by the shell that starts it.
  delete names["OLDPWD"];
  delete names["_"];
  delete names["SHLVL"];
  expect(names).toEqual({
    PATH: process.env["PATH"],
    HOME: "/own",
    LANG: "C",
    TARGET: "/backups",
    TICKLINE_RUN_ID: "RUN",
    TICKLINE_JOB_ID: "nightly",
    TICKLINE_ATTEMPT: "1",
    TICKLINE_SCHEDULED_FOR: toIso(START),
  });
});

test("input, working folder, priority and memory", async () => {
  const { run, readFault } = setup();
  expect((await run({ program: "cat", input: "grüße\n" })).log).toBe("grüße\n");
  expect((await run({ program: "true", input: "x".repeat(60_000) })).exitCode).toBe(0); // It reads nothing.
  expect((await run({ program: "pwd", cwd: folder })).log.trim()).toBe(folder);
  expect((await run({ program: "nice", nice: 7 })).log.trim()).toBe("7");
  expect(await readFault({ program: "dd", args: ["if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"], memoryMbMax: 100 })).toMatchObject({
    code: "command_exit",
    message: expect.stringMatching(/memory/),
  });
});

test("of much output the end is kept, within the size of an output, and odd bytes break nothing", async () => {
  const { run } = setup();
  const much = await run(shell("yes 0123456789 | head -c 20000000; echo the end"));
  expect(much).toMatchObject({ logBytes: 20_000_008, truncated: true });
  expect(much.log.endsWith("the end\n")).toBe(true);
  expect(much.log.length).toBeGreaterThan(50_000);
  expect(checkOutput(much).kind).toBe("output");
  const odd = await run(shell("head -c 300000 /dev/urandom"));
  expect(odd.logBytes).toBe(300_000);
  expect(checkOutput(odd).kind).toBe("output");
});

test("when it is asked to end, its whole group gets SIGTERM, and its reason is the reason of the attempt", async () => {
  const { run, abort } = setup();
  const [child, notice] = [path.join(folder, "child"), path.join(folder, "notice")];
  const line = `trap 'echo asked > ${notice}; exit 0' TERM; sleep 60 & echo $! > ${child}; wait`;
  const ended = run(shell(line));
  const pid = Number(await appears(child));
  abort.abort(new RunAborted("timeout"));
  await expect(ended).rejects.toMatchObject({ code: "timeout" });
  expect(readFileSync(notice, "utf8")).toBe("asked\n");
  await becomesGone(pid);
});

test("a group that ignores SIGTERM is killed after the grace", async () => {
  const { run, abort } = setup({ killMs: 100 });
  const child = path.join(folder, "stubborn");
  const ended = run(shell(`trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${child}; while :; do sleep 1; done'`));
  const pid = Number(await appears(child));
  abort.abort(new RunAborted("cancelled"));
  await expect(ended).rejects.toMatchObject({ code: "cancelled" });
  await becomesGone(pid);
});

test("what a shell line has started has the whole grace, also when the shell ends at once", async () => {
  const { run, abort } = setup();
  const [begun, cleaned] = [path.join(folder, "begun"), path.join(folder, "cleaned")];
  const child = `trap "sleep 0.1; echo yes > ${cleaned}; exit 0" TERM; echo yes > ${begun}; while :; do sleep 0.01; done`;
  const ended = run(shell(`sh -c '${child}'; echo "not reached"`));
  await appears(begun);
  abort.abort(new RunAborted("timeout"));
  await expect(ended).rejects.toMatchObject({ code: "timeout" });
  expect(readFileSync(cleaned, "utf8")).toBe("yes\n");
});

test("what is left of a group after the grace is killed, also when its program has ended", async () => {
  const { run, abort } = setup({ killMs: 100 });
  const child = path.join(folder, "left-stubborn");
  const ended = run(shell(`sh -c 'trap "" TERM; echo $$ > ${child}; while :; do sleep 1; done'; echo "not reached"`));
  const pid = Number(await appears(child));
  abort.abort(new RunAborted("timeout"));
  await expect(ended).rejects.toMatchObject({ code: "timeout" });
  await becomesGone(pid);
});

test("an attempt that is to end before it begins starts nothing", async () => {
  const { run, abort } = setup();
  abort.abort(new RunAborted("shutdown"));
  const file = path.join(folder, "never");
  await expect(run({ program: "touch", args: [file] })).rejects.toMatchObject({ code: "shutdown" });
  expect(existsSync(file)).toBe(false);
});

test("what a program leaves in its group ends with it, and what has left the group holds nothing up", async () => {
  const { run } = setup();
  const [left, gone] = [path.join(folder, "left"), path.join(folder, "gone")];
  await run(shell(`sleep 60 & echo $! > ${left}`));
  await becomesGone(Number(await appears(left)));
  await run(shell(`setsid sh -c 'echo $$ > ${gone}; sleep 60' & while [ ! -s ${gone} ]; do sleep 0.01; done`));
  const pid = Number(await appears(gone));
  expect(isAlive(pid)).toBe(true);
  process.kill(-pid, "SIGKILL");
});

test("a later attempt ends what an earlier one of the same run has left, also outside its group", async () => {
  const gone = path.join(folder, "earlier");
  const line = `setsid sh -c 'echo $$ > ${gone}; sleep 60' & while [ ! -s ${gone} ]; do sleep 0.01; done`;
  await setup({ runId: "RUN-1" }).run(shell(line));
  const pid = Number(await appears(gone));
  await setup({ runId: "RUN-2", attempt: 2 }).run({ program: "true" });
  expect(isAlive(pid)).toBe(true);
  const later = setup({ runId: "RUN-1", attempt: 2 });
  await later.run({ program: "true" });
  await becomesGone(pid);
  expect(later.warnings).toEqual(["processes of an earlier attempt of this run were killed"]);
});

test("what an earlier attempt starts while it is being ended is ended too", async () => {
  const [started, listed] = [path.join(folder, "forks"), path.join(folder, "forked")];
  const forks = `import os, time
out = open("${listed}", "a")
for i in range(600):
    pid = os.fork()
    if pid == 0:
        os.setsid(); time.sleep(20); os._exit(0)
    out.write(str(pid) + "\\n"); out.flush()
    if i == 100: open("${started}", "w").write("yes")
    time.sleep(0.0002)
time.sleep(20)`;
  const line = `setsid python3 -c "$1" >/dev/null 2>&1 & while [ ! -s ${started} ]; do sleep 0.001; done`;
  await setup({ runId: "RUN-3" }).run(shell(line, { args: [forks] }));
  await setup({ runId: "RUN-3", attempt: 2 }).run({ program: "true" });
  const pids = readFileSync(listed, "utf8").trim().split("\n").map(Number);
  expect(pids.filter(isAlive)).toEqual([]);
});

test("a list of programs allows these, as they are written, from the executor's PATH", async () => {
  const { run, handler } = setup({ allowed: ["echo", "/bin/cat"] });
  expect((await run({ program: "echo", args: ["x"] })).log).toBe("x\n");
  expect((await run({ program: "/bin/cat", input: "y" })).log).toBe("y");
  expect(handler.params.safeParse({ program: "rm" }).error?.issues).toMatchObject([
    { path: ["program"], message: "must be a program that the executor allows (ALLOW_COMMANDS): echo, /bin/cat" },
  ]);
  expect(handler.params.safeParse({ program: "echo", shell: true }).success).toBe(false);
  symlinkSync("/bin/date", path.join(folder, "echo"));
  expect((await run({ program: "echo", args: ["x"], env: { PATH: folder } })).log).toBe("x\n");
});

test.each(["BASH_ENV", "SHELLOPTS", "PS4", "PERL5OPT", "PYTHONPATH", "NODE_OPTIONS"])(
  "a list of programs is not undone by the variable %s, which is allowed where every program is",
  (name) => {
    const params = { program: "echo", env: { [name]: "x" } };
    expect(setup({ allowed: ["echo"] }).handler.params.safeParse(params).success).toBe(false);
    expect(setup({ allowed: ["echo", "sh"] }).handler.params.safeParse(params).success).toBe(true);
    expect(setup().handler.params.safeParse(params).success).toBe(true);
  },
);

test("a list with a shell allows its lines, and no other programs", async () => {
  const { run, readFault } = setup({ allowed: ["sh"] });
  expect((await run(shell('echo "$1"', { args: ["one"] }))).log).toBe("one\n");
  expect(await readFault({ program: "date" })).toMatchObject({
    code: "command_not_allowed",
    message: "the executor does not allow date; it allows sh (ALLOW_COMMANDS)",
  });
});

test.each([
  ["env", { env: { TICKLINE_RUN_ID: "x" } }],
  ["env", { env: { LD_PRELOAD: "/tmp/x.so" } }],
  ["args", { args: ["a\0b"] }],
  ["cwd", { cwd: "relative" }],
  ["nice", { nice: -1 }],
])("params that cannot be: %s", (_, params) => {
  expect(setup().handler.params.safeParse({ program: "true", ...params }).success).toBe(false);
});

test("a file that is no program of the system is not started", async () => {
  const file = path.join(folder, "data.txt");
  writeFileSync(file, "no program");
  expect(await setup().readFault({ program: file })).toMatchObject({ code: "command_not_found" });
});
