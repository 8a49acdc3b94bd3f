import { expect, test } from "@jest/globals";
import { silentLogger } from "@tickline/shared/runtime/log/logger";
import { START } from "@tickline/shared/testing/factories";
import { manualClock } from "@tickline/shared/testing/manual-clock";
import { Counter, Registry } from "prom-client";
import { createLoopWatch } from "./loop-watch.ts";
import type { RunningAttempt } from "./running-attempt.ts";

function attempt(type: string, runId: string): [string, RunningAttempt] {
  const run = { handler: type, jobId: `job-${runId}`, runId, attempt: 1 };
  return [runId, { handler: { type }, claim: { run } } as unknown as RunningAttempt];
}

function setup(...attempts: [string, RunningAttempt][]) {
  const clock = manualClock(START);
  const all = new Map(attempts);
  const cpu = { ms: 0 };
  const warnings: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
  const heldSeconds = new Counter({ name: "held", help: "held", labelNames: ["handler"], registers: [new Registry()] });
  const watch = createLoopWatch({ clock, log: log as never, config: { loopHeldMs: 200 }, heldSeconds, attempts: all, cpuMs: () => cpu.ms });
  /** The thread is kept for so long, by code or because the process stood still: timers come late. */
  const keep = (ms: number, cpuMs = ms): void => {
    cpu.ms += cpuMs;
    clock.standStill(ms);
    clock.advance(0);
  };
  const counted = async () => (await heldSeconds.get()).values.map(({ labels, value }) => [labels.handler, value]);
  return { watch, clock, all, keep, warnings, counted };
}

test("a call that took long is named with its run", async () => {
  const [id, running] = attempt("fib", "RUN");
  const { watch, warnings, counted } = setup([id, running]);
  watch.onHeld(running, 1_500.4);
  expect(warnings).toEqual([{ handler: "fib", job: "job-RUN", run: "RUN", attempt: 1, heldMs: 1_500 }]);
  expect(await counted()).toEqual([["fib", expect.closeTo(1.5)]]);
});

test("code that keeps the thread later is named by the handlers in progress", async () => {
  const { watch, keep, warnings, counted } = setup(attempt("fib", "A"), attempt("fib", "B"));
  watch.watch();
  keep(500);
  expect(warnings).toEqual([{ handlers: ["fib"], heldMs: 400 }]);
  expect(await counted()).toEqual([["fib", 0.4]]);
});

test("where several types are in progress, none is counted alone", async () => {
  const { watch, keep, warnings, counted } = setup(attempt("fib", "A"), attempt("http", "B"));
  watch.watch();
  keep(500);
  expect(warnings).toMatchObject([{ handlers: ["fib", "http"] }]);
  expect(await counted()).toEqual([["", 0.4]]);
});

test("nothing is said of short pauses, of a process that was suspended, and twice of the same", () => {
  const [id, running] = attempt("fib", "A");
  const { watch, keep, clock, warnings } = setup([id, running]);
  watch.watch();
  keep(150);
  keep(10_000, 20);
  expect(warnings).toEqual([]);
  clock.advance(100);
  watch.onHeld(running, 900);
  keep(900);
  expect(warnings).toHaveLength(1);
});

test("it watches while attempts are in progress", () => {
  const { watch, all, keep, clock, warnings } = setup(attempt("fib", "A"));
  watch.watch();
  const [first] = all.values();
  all.clear();
  clock.advance(100);
  all.set("B", first!);
  keep(5_000);
  expect(warnings).toEqual([]);
  watch.watch();
  keep(5_000);
  expect(warnings).toHaveLength(1);
});
