import { isExclusive } from "../../domain/overlap.ts";
import { type CanBeRun, createJobContest, type Contender, type JobContest } from "./job-contest.ts";
import { type Contends, type OpenRun, waitsForAnother } from "./open-run.ts";

/**
 * The runs that contend for the locks of their jobs: of an exclusive policy, and running or due. Those that wait for a retry, or for an
 * executor with their handler, contend with nobody. Nothing here costs more where a job has more of them.
 */
export interface ContendingRuns {
  /** As many of the other contending runs of its job as `judgeOverlap` can need; mostly there is no other. */
  beside(run: Contender, canBeRun: CanBeRun): readonly OpenRun[];
  /** As many of the contending runs of the job as `waitingInTurn` can need; mostly none. */
  toWake(jobKey: number, canBeRun: CanBeRun): readonly OpenRun[];
  /** The oldest run of its job, queue and handler that is ready or waits, and goes before this one, which contends. */
  before(run: OpenRun, canBeRun: CanBeRun): OpenRun | undefined;
  /** The run waits, or runs, in another way than before. */
  changed(run: OpenRun): void;
  drop(run: OpenRun): void;
}

const NONE: readonly OpenRun[] = [];

export function createContendingRuns(): ContendingRuns {
  /** Of most jobs one run contends: it is here, and costs no more than this. */
  const alone = new Map<number, OpenRun>();
  const contests = new Map<number, JobContest>();

  function add(run: OpenRun): void {
    const other = alone.get(run.jobKey);
    const contest = contests.get(run.jobKey);
    if (contest !== undefined) contest.add(run);
    else if (other === undefined) alone.set(run.jobKey, run);
    else {
      alone.delete(run.jobKey);
      const begun = createJobContest();
      begun.add(other);
      begun.add(run);
      contests.set(run.jobKey, begun);
    }
  }
  function remove(run: OpenRun): void {
    if (alone.get(run.jobKey) === run) {
      alone.delete(run.jobKey);
      return;
    }
    const contest = contests.get(run.jobKey);
    contest?.drop(run);
    if (contest?.isEmpty === true) contests.delete(run.jobKey);
  }
  function set(run: OpenRun, contends: Contends | null): void {
    if (run.contends === contends) return;
    if (run.contends !== null) remove(run);
    run.contends = contends;
    if (contends !== null) add(run);
  }
  return {
    beside(run, canBeRun) {
      const contest = contests.get(run.jobKey);
      if (contest !== undefined) return contest.beside(run, canBeRun);
      const other = alone.get(run.jobKey);
      return other === undefined || other.runId === run.runId ? NONE : [other];
    },
    toWake(jobKey, canBeRun) {
      const run = alone.get(jobKey);
      if (run !== undefined) return [run];
      return contests.get(jobKey)?.toWake(canBeRun) ?? NONE;
    },
    before: (run, canBeRun) => contests.get(run.jobKey)?.before(run, canBeRun),
    changed: (run) => set(run, contendsAs(run)),
    drop: (run) => set(run, null),
  };
}

function contendsAs(run: OpenRun): Contends | null {
  if (!isExclusive(run.traits.overlap) || run.mode === "retrying") return null;
  if (run.mode === "none") return "running";
  if (run.mode !== "deferred") return "ready";
  return waitsForAnother(run) ? "waiting" : null;
}
