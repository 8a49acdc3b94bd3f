import { computeSpread } from "../report/statistics.ts";
import { showNumber, showSpread } from "../report/text-table.ts";

/** Number of the job with the history, and the interval of its schedule. */
export const HISTORY_JOB = 0;
export const EVERY_MS = 1_000;
/** Each so-many-th run of the history failed. */
export const FAILED_EVERY = 50;

export interface HistoryFolder {
  readonly dataDir: string;
  /** Finished runs of one job. */
  readonly runs: number;
}

export interface HistoryPlan {
  readonly few: HistoryFolder;
  readonly many: HistoryFolder;
}

/** What is measured, in this order. */
export const HISTORY_STEPS = {
  create: "create a job",
  fire: "fire, claim, settle and announce one run",
  firstPage: "list the latest 50 runs",
  deepPage: "list 50 runs from the middle",
  failed: `list the latest 10 runs that failed (one of ${FAILED_EVERY})`,
  cancelled: "list the cancelled runs (there are none), first page",
  retention: "retention, a run",
} as const;
export type HistoryStep = keyof typeof HISTORY_STEPS;

/** The median of one step in both stores. */
export interface StepFigures {
  readonly fewUs: number;
  readonly manyUs: number;
}

export type HistoryResult = Readonly<Record<HistoryStep, StepFigures>>;

/** A line for each step: both figures and their ratio, over several runs. */
export const historyRows = (results: readonly HistoryResult[]): string[][] =>
  Object.entries(HISTORY_STEPS).map(([step, name]) => {
    const figures = results.map((result) => result[step as HistoryStep]);
    return [
      name,
      showSpread(computeSpread(figures.map(({ fewUs }) => fewUs))),
      showSpread(computeSpread(figures.map(({ manyUs }) => manyUs))),
      showSpread(computeSpread(figures.map(({ fewUs, manyUs }) => manyUs / fewUs)), 1),
    ];
  });

export interface OpenRunPlan {
  readonly dataDir: string;
  readonly runs: number;
}

/** What retention took while one run of the job was open, and after it had ended. */
export interface OpenRunResult {
  readonly forgotten: number;
  readonly sweeps: number;
  readonly sweepMsMax: number;
  /** Calls of the store that came meanwhile. */
  readonly calls: number;
  readonly callMsMax: number;
}

/** No call of the store may take longer while retention forgets, in milliseconds. */
export const CALL_MS_MAX = 250;

export const openRunRows = (results: readonly OpenRunResult[]): string[][] => {
  const most = (of: (result: OpenRunResult) => number): number => computeSpread(results.map(of)).max;
  const row = (name: string, calls: number, longestMs: number): string[] => [
    name,
    showNumber(calls),
    showNumber(longestMs, 1),
    longestMs <= CALL_MS_MAX ? "yes" : "NO",
  ];
  return [
    row(
      "sweeps of retention",
      most(({ sweeps }) => sweeps),
      most(({ sweepMsMax }) => sweepMsMax),
    ),
    row(
      "other calls meanwhile",
      most(({ calls }) => calls),
      most(({ callMsMax }) => callMsMax),
    ),
  ];
};
