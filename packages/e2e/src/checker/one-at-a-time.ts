import type { Effect } from "../recorder/effect.ts";
import type { AttemptLimits } from "./attempts.ts";
import type { JobEvidence } from "./evidence.ts";
import { show, violation, type Violation } from "./history.ts";

/**
 * I11: of a job whose policy is exclusive no two runs are in progress at once. A job that was deleted and made anew under its id is
 * another one, and a job that ever allowed overlap promises nothing.
 */
export function overlappingRuns(job: JobEvidence, effects: readonly Effect[], { overlapMsMax }: AttemptLimits): Violation[] {
  const plans = [...job.plansByMark.values()];
  if (plans.length === 0 || plans.some(({ overlap }) => overlap === "allow")) return [];
  return groupByLife(job).flatMap((marks) => {
    const found: Violation[] = [];
    let before: Effect | null = null;
    for (const call of effects.filter(({ mark }) => marks.has(mark)).toSorted((left, right) => left.startedAt - right.startedAt)) {
      if (before !== null && before.runId !== call.runId && endTime(before) - call.startedAt > overlapMsMax)
        found.push(
          violation("I11", `${job.jobId}: run ${call.runId} started at ${show(call.startedAt)} while run ${before.runId} was in progress`),
        );
      if (before === null || endTime(call) >= endTime(before)) before = call;
    }
    return found;
  });
}

/** I11: runs of such a job that wait for each other start in the order of their instants. */
export function disorderedRuns(job: JobEvidence): Violation[] {
  const plans = [...job.plansByMark.values()];
  if (plans.length === 0 || plans.some(({ overlap }) => overlap === "allow")) return [];
  return groupByLife(job).flatMap((marks) => {
    const firsts = new Map<string, Effect>();
    for (const call of job.scheduledEffects.toSorted((left, right) => left.startedAt - right.startedAt))
      if (marks.has(call.mark) && !firsts.has(call.runId)) firsts.set(call.runId, call);
    const starts = [...firsts.values()];
    return starts.flatMap((start, index) => {
      const before = starts[index - 1];
      if (before === undefined || before.scheduledFor <= start.scheduledFor) return [];
      return [violation("I11", `${job.jobId}: the run of ${show(start.scheduledFor)} started after that of ${show(before.scheduledFor)}`)];
    });
  });
}

const endTime = ({ endedAt }: Effect): number => endedAt ?? Number.POSITIVE_INFINITY;

/** The marks of each job that had the id, one after the other. */
function groupByLife({ writes }: JobEvidence): Set<string>[] {
  const lives: Set<string>[] = [];
  for (const write of writes) {
    if (write.kind === "create") lives.push(new Set());
    if ("plan" in write) lives.at(-1)?.add(write.plan.mark);
  }
  return lives;
}

/** I1: what was skipped for overlap came while some run of its job had been started. */
export function unfoundedSkips({ jobId, scheduledRows }: JobEvidence, effects: readonly Effect[]): Violation[] {
  const firstStart = Math.min(...effects.map(({ startedAt }) => startedAt));
  return scheduledRows
    .filter(({ state, reason, scheduledFor }) => state === "skipped" && reason === "overlap" && scheduledFor <= firstStart - CALL_MS_MAX)
    .map(({ id, scheduledFor }) =>
      violation("I1", `${jobId} at ${show(scheduledFor)}: run ${id} was skipped for overlap, before any run of the job had started`),
    );
}

/** A target sees a run at most this long after its claim. Milliseconds. */
const CALL_MS_MAX = 30_000;
