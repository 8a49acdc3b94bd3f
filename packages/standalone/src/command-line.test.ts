import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { readCommandLine } from "./command-line.ts";

let said = "";
beforeEach(() => {
  said = "";
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, "write").mockImplementation((text) => Boolean((said += String(text))));
});
afterEach(() => void jest.restoreAllMocks());

test("options and variables make the configuration", () => {
  const line = readCommandLine(["--port", "8080", "--data", "/tmp/x", "--handlers", "./h"], { HOST: "::1" });
  expect(line).toMatchObject({ kind: "start", config: { port: 8080, dataDir: "/tmp/x", handlersDir: "./h", host: "::1" } });
});

test.each([
  [["--allow-commands"], "any"],
  [["--allow-commands", "--port", "0"], "any"],
  [
    ["--allow-commands", "ls,/bin/cat"],
    ["ls", "/bin/cat"],
  ],
  [[], null],
])("%j allows the programs %j", (argv, allowCommands) => {
  expect(readCommandLine(argv, {})).toMatchObject({ kind: "start", config: { allowCommands } });
});

test("--help names every option and every variable, and ends with 0", () => {
  expect(readCommandLine(["--help"], {})).toEqual({ kind: "exit", code: 0 });
  for (const word of [
    "--host",
    "--port",
    "--data",
    "--handlers",
    "--workers",
    "--log-level",
    "QUEUES",
    "STORE_URL",
    "RETENTION_DAYS",
    "DRAIN_MS",
  ])
    expect(said).toContain(word);
});

test.each([
  [["--prot", "1"], /unknown option '--prot'/],
  [["--port"], /argument missing/],
  [["somewhere"], /too many arguments/],
])("%j is refused with what is wrong, and ends with 1", (argv, message) => {
  expect(readCommandLine(argv, {})).toEqual({ kind: "exit", code: 1 });
  expect(said).toMatch(message);
  expect(said).toContain("--help");
});
