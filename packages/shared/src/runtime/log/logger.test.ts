import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "@jest/globals";
import { createLogger, terminalLines } from "./logger.ts";

/** The first line that is written where it is, or is not, a terminal. */
async function firstLine(isTTY: boolean): Promise<string> {
  const to = new PassThrough({ encoding: "utf8" });
  const log = createLogger("info", terminalLines({ isTTY }, to) ?? to);
  const fault = Object.assign(new Error("connection refused"), { stack: "Error: connection refused\n    at work.ts:3:1" });
  log.debug("a line below the level");
  log.warn({ job: "job-1", attempt: 2, err: fault }, "a run failed");
  for await (const text of to) return stripVTControlCharacters(String(text));
  return "";
}

test("on a terminal a line is for people: time, level, words, fields, and the stack below it", async () => {
  const [line = "", ...below] = (await firstLine(true)).split("\n");
  expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: a run failed \{"job":"job-1","attempt":2\}$/);
  expect(below.join("\n")).toContain("at work.ts:3:1");
});

test("elsewhere it is one line of JSON", async () => {
  const text = await firstLine(false);
  expect(text.endsWith("\n")).toBe(true);
  expect(JSON.parse(text)).toMatchObject({
    level: 40,
    job: "job-1",
    attempt: 2,
    msg: "a run failed",
    err: { message: "connection refused" },
  });
  expect(new Date((JSON.parse(text) as { time: string }).time).getTime()).not.toBeNaN();
});
