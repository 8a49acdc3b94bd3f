import { expect, test } from "@jest/globals";
import type { Effect } from "./handlers.ts";
import { judge, type JudgedRun } from "./judge.ts";

const owed = [1, 2, 3].map((scheduledFor) => ({ jobId: "a", scheduledFor }));
const run = (scheduledFor: number, more: Partial<JudgedRun> = {}): JudgedRun => ({
  _id: `run_${scheduledFor}`,
  jobId: "a",
  scheduledFor,
  state: "succeeded",
  ...more,
});
const effect = (runId: string): Effect => ({ runId, attempt: 1, scheduledFor: 0, startedAt: 0 });
const CLEAN = { owed: 3, succeeded: 3, lost: 0, doubled: 0, strange: 0, otherwise: 0, twoEffects: 0, unmatched: 0 };
const runs = [run(1), run(2), run(3)];
const effects = runs.map(({ _id }) => effect(_id));

test("what was owed once, ran once and was done once is clean", () => {
  expect(judge(owed, runs, effects)).toEqual(CLEAN);
});

test.each([
  ["an instant without a run", runs.slice(1), effects.slice(1), { succeeded: 2, lost: 1 }],
  ["an instant with two runs", [...runs, run(3, { _id: "run_b" })], [...effects, effect("run_b")], { succeeded: 4, doubled: 1 }],
  ["a run of an instant that was not owed", [...runs, run(4)], [...effects, effect("run_4")], { succeeded: 4, strange: 1 }],
  ["a run that failed", [run(1), run(2), run(3, { state: "failed" })], effects.slice(0, 2), { succeeded: 2, otherwise: 1 }],
  ["a handler called twice", runs, [...effects, effect("run_1")], { twoEffects: 1 }],
  ["a success without a call", runs, effects.slice(1), { unmatched: 1 }],
  ["a call without a success", runs, [...effects, effect("run_9")], { unmatched: 1 }],
])("%s is reported", (_, found, done, reported) => {
  expect(judge(owed, found, done)).toEqual({ ...CLEAN, ...reported });
});
