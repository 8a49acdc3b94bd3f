import { lostTriggers, lostWrites } from "./acknowledged-writes.ts";
import { earlyStarts, repeatedAttempts, rerunUncertain, type AttemptLimits } from "./attempts.ts";
import { mixedDefinitions, wrongDefinitions, wrongTriggers } from "./definitions-used.ts";
import { effectsByRun, evidenceByJob } from "./evidence.ts";
import type { History, Plan, Violation } from "./history.ts";
import { ambiguousRuns, doubleFires, uncalledFires } from "./no-double-fire.ts";
import { lostFires, miscountedRanges } from "./no-lost-fire.ts";
import { disorderedRuns, overlappingRuns, unfoundedSkips } from "./one-at-a-time.ts";
import { unrest } from "./rest.ts";
import { backwardSightings, unfoldedStatus } from "./sightings.ts";

/** Where targets run in another process, the end of a connection is seen within this time. Milliseconds. */
const OVERLAP_MS_MAX = 100;

/** Everything that was promised and not kept. Pure: the same history always gives the same list. */
export function check(history: History, limits: AttemptLimits = { overlapMsMax: OVERLAP_MS_MAX }): Violation[] {
  const byRun = effectsByRun(history.effects);
  const byJob = Map.groupBy(history.effects, ({ jobId }) => jobId);
  const jobs = evidenceByJob(history);
  const finals = new Map(history.jobs.map((job) => [job.id, job]));
  const plans = new Map<string, Plan>(jobs.flatMap(({ plansByMark }) => [...plansByMark]));
  return [
    ...jobs.flatMap((job) => [
      ...lostFires(job, { horizonAt: history.horizonAt, effects: byRun }),
      ...miscountedRanges(job),
      ...doubleFires(job),
      ...uncalledFires(job),
      ...wrongDefinitions(job),
      ...lostWrites(job, finals.get(job.jobId)),
      ...overlappingRuns(job, byJob.get(job.jobId) ?? [], limits),
      ...disorderedRuns(job),
      ...unfoundedSkips(job, byJob.get(job.jobId) ?? []),
    ]),
    ...ambiguousRuns(history),
    ...earlyStarts(history.effects),
    ...repeatedAttempts(byRun, limits),
    ...rerunUncertain(byRun, plans),
    ...mixedDefinitions(byRun),
    ...wrongTriggers(history, byRun),
    ...backwardSightings(history.sightings),
    ...unfoldedStatus(history.jobs, history.rows),
    ...lostTriggers(history),
    ...unrest(history, byRun),
  ];
}
