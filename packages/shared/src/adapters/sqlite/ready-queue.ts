import type { OpenRun } from "./open-run.ts";
import { compareTexts } from "./uid-index.ts";

/** The publishable runs of one queue, oldest first. Runs that are no longer `ready` stay until they are come across. */
export interface ReadyQueue {
  add(run: OpenRun): void;
  /** Goes through the ready runs, oldest first, until `visit` returns false. */
  visit(visit: (run: OpenRun) => boolean): void;
}

const CUT_ENTRIES = 1_024;

const older = (left: OpenRun, right: OpenRun): number => left.scheduledFor - right.scheduledFor || compareTexts(left.runId, right.runId);

export function createReadyQueue(): ReadyQueue {
  let runs: OpenRun[] = [];
  let first = 0;
  let sorted = true;

  function tidy(): void {
    if (!sorted) {
      runs = runs.slice(first).sort(older);
      first = 0;
      sorted = true;
    }
    for (let run = runs[first]; run !== undefined && run.mode !== "ready"; run = runs[first]) {
      run.listed = false;
      first += 1;
    }
    if (first < CUT_ENTRIES || first * 2 < runs.length) return;
    runs = runs.slice(first);
    first = 0;
  }
  return {
    add(run) {
      if (run.listed) return;
      run.listed = true;
      const last = runs.at(-1);
      if (last !== undefined && runs.length > first && older(last, run) > 0) sorted = false;
      runs.push(run);
    },
    visit(visit) {
      tidy();
      for (let index = first; index < runs.length; index += 1) {
        const run = runs[index] as OpenRun;
        if (run.mode === "ready" && !visit(run)) return;
      }
    },
  };
}
