import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { runIdFloor } from "@tickline/shared/domain/run/run-id";
import { jobDue } from "@tickline/shared/events/job-due";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import { sortDueRuns, splitIntoRounds } from "./sort-due-runs.ts";

const DUE = newDueRun(newJob());
/** A run whose id ends with sixteen times this letter. */
const run = (letter: string, changes: Partial<DueRun> = {}): DueRun => ({
  ...DUE,
  runId: runIdFloor(DUE.scheduledFor) + letter.repeat(16),
  ...changes,
});
const letters = (runs: readonly DueRun[]): string[] => runs.map(({ runId }) => runId.slice(-1));

test("a batch of the bus is sorted by what is to be done, each run once", () => {
  const batch = [
    run("A"),
    run("B", { handler: "unknown" }),
    run("C", { rescues: 2 }),
    run("A"),
    run("D", { rescues: 1 }),
    run("E", { queue: "other" }),
  ];
  const { known, unknown, quarantined, refused } = sortDueRuns(
    batch.map((each) => jobDue(each, 0)),
    { queue: "default", handlers: new Map([["http", null]]), quarantineRescuesMin: 2 },
  );
  expect([known, unknown, quarantined].map(letters)).toEqual([["A", "D"], ["B"], ["C"]]);
  expect(refused.map(({ reason }) => reason)).toEqual(["its queue is not that of its topic"]);
});

test("two messages about one run are claimed in two rounds", () => {
  const runs = [run("A"), run("B"), run("A", { attempt: 2 })];
  expect(splitIntoRounds(runs).map(letters)).toEqual([["A", "B"], ["A"]]);
});
