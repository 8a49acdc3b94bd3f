import { expect, test } from "@jest/globals";
import { EventEmitter } from "node:events";
import { constants } from "node:os";
import type { Logger } from "../runtime/log/logger.ts";
import type { AttemptName } from "../runtime/service/process-work.ts";
import { START } from "../testing/factories.ts";
import { manualClock } from "../testing/manual-clock.ts";
import { createProcessEnd } from "./process-end.ts";

const PID = 4_711;
const attempt = (runId: string): AttemptName => ({ handler: "work", jobId: "job", runId, attempt: 1 });
const turns = async (): Promise<void> => {
  for (let count = 0; count < 5; count += 1) await new Promise((next) => setImmediate(next));
};

/** A process whose service is stopped and abandoned as far as the test lets it. */
function setup({ serving = true, attempts = [attempt("run-1"), attempt("run-2")] } = {}) {
  const host = Object.assign(new EventEmitter(), {
    exits: [] as number[],
    exitCode: undefined as number | undefined,
    exit,
    pid: PID,
    kill,
  });
  function exit(code: number): void {
    host.exits.push(code);
    host.emit("exit", code);
  }
  function kill(pid: number, signal: string | number = "SIGTERM"): true {
    const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? signal;
    if (pid === PID || pid === 0) host.emit(String(name), name);
    return true;
  }
  const clock = manualClock(START);
  const logged: { readonly fields: Record<string, unknown>; readonly message: string }[] = [];
  const error = (fields: Record<string, unknown>, message: string): void => void logged.push({ fields, message });
  const noted: Record<string, unknown>[] = [];
  const log = { error, info: (fields: Record<string, unknown>) => void noted.push(fields) } as unknown as Logger;
  const [steps, terminal]: [string[], string[]] = [[], []];
  const [stopped, abandoned] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const keepAlive = (): void => void steps.push("kept alive");
  const processEnd = createProcessEnd({ host, clock, log, keepAlive, tell: (line) => void terminal.push(line) });
  const service = {
    start: () => Promise.resolve(),
    stop() {
      steps.push("stop");
      return stopped.promise;
    },
    abandon() {
      steps.push("abandon");
      return abandoned.promise;
    },
    work: () => ({ attempts, running: attempts[0] ?? null }),
  };
  if (serving) processEnd.serve({ service, shutdownMs: 30_000, drainMs: 10_000 });
  return { host, clock, logged, noted, steps, terminal, stopped, abandoned, processEnd, service };
}

test.each(["SIGTERM", "SIGINT", "SIGHUP"])("%s stops the service, and the process ends with 0 when it has", async (signal) => {
  const { host, steps, stopped, logged } = setup();
  host.emit(signal, signal);
  await turns();
  expect({ steps, exits: host.exits }).toEqual({ steps: ["kept alive", "stop"], exits: [] });
  stopped.resolve();
  await turns();
  expect({ exits: host.exits, logged }).toEqual({ exits: [0], logged: [] });
});

test("ctrl-C says at once on the terminal what the process waits for, and that a second one ends it", () => {
  const { host, terminal, noted } = setup();
  host.emit("SIGINT", "SIGINT");
  expect(terminal).toEqual([expect.stringMatching(/waiting up to 10 s for 2 runs .* ctrl-C again ends the process at once/)]);
  expect(noted).toEqual([]);
});

test("a signal that a program sends is a line of the log", () => {
  const { host, terminal, noted } = setup();
  host.emit("SIGTERM", "SIGTERM");
  expect({ terminal, noted }).toMatchObject({ terminal: [], noted: [{ signal: "SIGTERM", drainMs: 10_000, atWork: 2 }] });
});

test.each(["SIGABRT", "SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE", "SIGTRAP"])("%s, of a broken process, keeps its default", (signal) => {
  expect(setup().host.listenerCount(signal)).toBe(0);
});

test.each<[string, unknown]>([
  ["uncaughtException", new Error("boom")],
  ["uncaughtException", undefined],
  ["uncaughtException", null],
  ["uncaughtException", Object.freeze(new Error("frozen"))],
  ["unhandledRejection", new Error("boom")],
  ["unhandledRejection", undefined],
  ["unhandledRejection", "text"],
])("%s of %p abandons the service, is logged with what was at work, and ends the process with 1", async (event, fault) => {
  const { host, steps, abandoned, logged } = setup();
  host.emit(event, fault);
  expect(steps).toEqual(["kept alive", "abandon"]);
  expect(logged).toHaveLength(1);
  expect(logged[0]!.fields).toMatchObject({
    err: expect.any(Error),
    thrownIn: attempt("run-1"),
    atWork: 2,
    attempts: [attempt("run-1"), attempt("run-2")],
  });
  await turns();
  expect(host.exits).toEqual([]);
  abandoned.resolve();
  await turns();
  expect({ exits: host.exits, steps }).toEqual({ exits: [1], steps: ["kept alive", "abandon"] });
});

test("after a fault it ends within two seconds, whatever is not written by then", async () => {
  const { host, clock, logged } = setup();
  host.emit("uncaughtException", new Error("boom"));
  clock.advance(1_999);
  expect(host.exits).toEqual([]);
  clock.advance(1);
  expect(host.exits).toEqual([1]);
  expect(logged.at(-1)!.message).toContain("finished results were not written within 2000 ms");
});

test("a stop that fails is a fault: the service is abandoned, and the process ends with 1", async () => {
  const { host, steps, stopped, abandoned } = setup();
  host.emit("SIGTERM", "SIGTERM");
  stopped.reject(new Error("no"));
  await turns();
  expect({ steps: steps.at(-1), exits: host.exits }).toEqual({ steps: "abandon", exits: [] });
  abandoned.reject(new Error("no"));
  await turns();
  expect(host.exits).toEqual([1]);
});

test("a fault during a stop ends the stop: the service is abandoned, and what the stop comes to changes nothing", async () => {
  const { host, steps, stopped, abandoned, clock } = setup();
  host.emit("SIGTERM", "SIGTERM");
  host.emit("unhandledRejection", new Error("boom"));
  expect(steps.filter((step) => step !== "kept alive")).toEqual(["stop", "abandon"]);
  stopped.resolve();
  await turns();
  expect(host.exits).toEqual([]);
  abandoned.resolve();
  await turns();
  expect(host.exits).toEqual([1]);
  clock.advance(60_000);
  expect(host.exits.every((code) => code === 1)).toBe(true);
});

test("a signal after a fault neither stops the service nor ends the process sooner", async () => {
  const { host, steps, abandoned } = setup();
  host.emit("uncaughtException", new Error("boom"));
  host.emit("SIGTERM", "SIGTERM");
  host.emit("SIGTERM", "SIGTERM");
  expect({ steps: steps.includes("stop"), exits: host.exits }).toEqual({ steps: false, exits: [] });
  abandoned.resolve();
  await turns();
  expect(host.exits).toEqual([1]);
});

test("more faults after the first are logged, ten at most, and do not end it sooner", async () => {
  const { host, steps, logged } = setup();
  for (let count = 0; count < 50; count += 1) host.emit("uncaughtException", new Error(`fault ${count}`));
  expect({ steps, exits: host.exits, logged: logged.length }).toEqual({ steps: ["kept alive", "abandon"], exits: [], logged: 11 });
});

test("a second signal ends it at once, and says what was at work", () => {
  const { host, logged } = setup();
  host.emit("SIGINT", "SIGINT");
  host.emit("SIGINT", "SIGINT");
  expect(host.exits).toEqual([1]);
  expect(logged).toMatchObject([{ fields: { atWork: 2 }, message: expect.stringContaining("second signal") }]);
});

test("a signal that comes twice at once, as a supervisor sends it to a process and the one that started it, is one", () => {
  const { host, clock } = setup();
  host.emit("SIGTERM", "SIGTERM");
  clock.advance(999);
  host.emit("SIGTERM", "SIGTERM");
  expect(host.exits).toEqual([]);
  clock.advance(1);
  host.emit("SIGTERM", "SIGTERM");
  expect(host.exits).toEqual([1]);
});

test("a stop that takes too long ends with 1, and says what was at work", () => {
  const { host, clock, logged } = setup();
  host.emit("SIGTERM", "SIGTERM");
  clock.advance(29_999);
  expect(host.exits).toEqual([]);
  clock.advance(1);
  expect(host.exits).toEqual([1]);
  expect(logged).toMatchObject([{ fields: { atWork: 2 }, message: expect.stringContaining("longer than 30000 ms") }]);
});

test("what has to end at once waits for nothing", () => {
  const { host, steps, processEnd } = setup();
  processEnd.fail(new Error("the store is gone"), { why: "it cannot go on", atOnce: true });
  expect({ steps, exits: host.exits }).toEqual({ steps: [], exits: [1] });
});

test("what has to end at once does so also while another fault is ending it", () => {
  const { host, processEnd } = setup();
  host.emit("uncaughtException", new Error("boom"));
  processEnd.fail(new Error("the store is gone"), { why: "it cannot go on", atOnce: true });
  expect(host.exits).toEqual([1]);
});

test.each([0, 1, 7])("process.exit(%p) by a handler is logged with that handler's run, and the code is 1", (code) => {
  const { host, logged } = setup();
  host.exit(code);
  expect(host.exitCode).toBe(1);
  expect(logged).toMatchObject([{ fields: { thrownIn: attempt("run-1"), atWork: 2 }, message: expect.stringContaining(`exit(${code})`) }]);
});

test.each<[number, string | number | undefined]>([
  [PID, "SIGTERM"],
  [PID, undefined],
  [PID, constants.signals.SIGTERM],
  [0, "SIGINT"],
])("process.kill(%p, %p) by a handler is no request to stop: it ends the process like an uncaught error", async (pid, signal) => {
  const { host, steps, logged, abandoned } = setup();
  expect(host.kill(pid, signal)).toBe(true);
  expect(steps).toEqual(["kept alive", "abandon"]);
  expect(logged).toMatchObject([
    { fields: { thrownIn: attempt("run-1"), atWork: 2, err: { message: expect.stringContaining("process.kill(") } } },
  ]);
  abandoned.resolve();
  await turns();
  expect(host.exits).toEqual([1]);
});

test.each<[number, string | number]>([
  [PID + 1, "SIGTERM"],
  [PID, 0],
  [PID, "SIGWINCH"],
])("process.kill(%p, %p), which asks this process for no stop, does as ever", (pid, signal) => {
  const { host, steps, logged } = setup();
  expect(host.kill(pid, signal)).toBe(true);
  expect({ steps, logged, exits: host.exits }).toEqual({ steps: [], logged: [], exits: [] });
});

test("a process that nothing keeps running ends with 1, and says so", () => {
  const { host, logged } = setup();
  host.emit("beforeExit", 0);
  expect(host.exits).toEqual([1]);
  expect(logged).toMatchObject([{ fields: { atWork: 2 }, message: expect.stringContaining("nothing keeps the process running") }]);
});

test("process.exit by a handler during a stop is logged too", () => {
  const { host, logged } = setup();
  host.emit("SIGTERM", "SIGTERM");
  host.exit(0);
  expect({ code: host.exitCode, logged: logged.length }).toEqual({ code: 1, logged: 1 });
});

test("before there is a service a fault just ends the process, and signals keep their default", () => {
  const { host, logged } = setup({ serving: false });
  expect(host.listenerCount("SIGTERM")).toBe(0);
  host.emit("uncaughtException", new Error("boom"));
  expect({ exits: host.exits, code: host.exitCode, logged: logged.length }).toEqual({ exits: [1], code: undefined, logged: 1 });
});

test("of many attempts a hundred are named, and all are counted", () => {
  const { host, logged } = setup({ attempts: Array.from({ length: 150 }, (_, index) => attempt(`run-${index}`)) });
  host.emit("uncaughtException", new Error("boom"));
  expect(logged[0]!.fields["atWork"]).toBe(150);
  expect(logged[0]!.fields["attempts"]).toHaveLength(100);
});

test("a log that fails keeps nothing from happening", async () => {
  const { host, service, steps, abandoned } = setup();
  service.work = () => {
    throw new Error("no");
  };
  host.emit("uncaughtException", new Error("boom"));
  abandoned.resolve();
  await turns();
  expect({ steps, exits: host.exits }).toEqual({ steps: ["kept alive", "abandon"], exits: [1] });
});
