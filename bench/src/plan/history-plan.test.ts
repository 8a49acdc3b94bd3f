import { expect, test } from "@jest/globals";
import { HISTORY_STEPS, historyRows, openRunRows, type HistoryResult, type HistoryStep } from "./history-plan.ts";

const makeResult = (fewUs: number, manyUs: number): HistoryResult =>
  Object.fromEntries(Object.keys(HISTORY_STEPS).map((step) => [step as HistoryStep, { fewUs, manyUs }])) as HistoryResult;

test("each step has a line: both medians and the ratio of each run", () => {
  const rows = historyRows([makeResult(100, 100), makeResult(200, 500), makeResult(1_000, 1_100)]);
  expect(rows).toHaveLength(Object.keys(HISTORY_STEPS).length);
  expect(rows[0]).toEqual(["create a job", "100 / 200 / 1,000", "100 / 500 / 1,100", "1.0 / 1.1 / 2.5"]);
});

const OPEN_RUN = { forgotten: 80_000, sweeps: 81, sweepMsMax: 20, calls: 3_000, callMsMax: 30 };

test("the longest call of all runs is shown, and whether it kept the bound", () => {
  expect(openRunRows([OPEN_RUN, { ...OPEN_RUN, callMsMax: 47_000, calls: 900 }])).toEqual([
    ["sweeps of retention", "81", "20.0", "yes"],
    ["other calls meanwhile", "3,000", "47,000.0", "NO"],
  ]);
});
