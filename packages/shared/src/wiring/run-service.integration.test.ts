import { expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SERVICE = fileURLToPath(new URL("./one-service.test-support.ts", import.meta.url));

/** A process of its own, from its start to its end. `signal` is sent when it is up. */
async function live(act: string, signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, ["--conditions=@tickline/source", SERVICE], {
    env: { PATH: process.env["PATH"] ?? "", ACT: act, LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (stdout === "" && signal !== undefined) child.kill(signal);
    stdout += text;
  });
  const [code, by] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, by, said: stdout.split("\n").slice(0, -1), stderr };
}

const ABANDONED = ["up", "abandoning", "abandoned"];
const AT_WORK = '"attempts":[{"handler":"work","jobId":"job-1","runId":"run-1","attempt":3}]';

const SAID: Readonly<Record<string, string>> = {
  exits: "something called process.exit(0)",
  "has nothing to do": "nothing keeps the process running",
};

test.each([
  ["throws", ABANDONED],
  ["rejects", ABANDONED],
  ["loses its bus", ABANDONED],
  ["ends at once", ["up"]],
  ["exits", ["up"]],
  ["has nothing to do", ["up"]],
])("a service that %s ends with 1, is never stopped as if it had been asked to, and the log names its attempts", async (act, said) => {
  const life = await live(act);
  expect(life).toMatchObject({ code: 1, said, stderr: expect.stringContaining(AT_WORK) });
  expect(life.stderr).toContain(SAID[act] ?? "boom");
});

test("a signal stops it, and it ends with 0 and without a word", async () => {
  expect(await live("waits", "SIGTERM")).toEqual({ code: 0, by: null, said: ["up", "stopped"], stderr: "" });
});

test("a stop that fails is said, and ends with 1", async () => {
  const life = await live("stops badly", "SIGTERM");
  expect(life).toMatchObject({
    code: 1,
    said: ["up", "stopped", "abandoning", "abandoned"],
    stderr: expect.stringContaining("the stop failed"),
  });
});

test("a start that fails is said in one sentence, and ends with 1", async () => {
  expect(await live("does not start")).toEqual({ code: 1, by: null, said: [], stderr: "tickline one: boom\n" });
});

test("a signal of a broken process ends it by that signal", async () => {
  expect(await live("waits", "SIGABRT")).toMatchObject({ code: null, by: "SIGABRT", said: ["up"] });
});
