import type { Effect } from "../recorder/effect.ts";
import { mayBeTriggered, type JobEvidence } from "./evidence.ts";
import { show, violation, type History, type Violation } from "./history.ts";

/** G12: all attempts of a run use one definition. */
export function mixedDefinitions(effects: ReadonlyMap<string, readonly Effect[]>): Violation[] {
  const found: Violation[] = [];
  for (const [runId, calls] of effects) {
    const marks = new Set(calls.map(({ mark }) => mark));
    if (marks.size > 1) found.push(violation("G12", `run ${runId} used ${[...marks].join(" and ")}`));
  }
  return found;
}

/** G12: a scheduled run uses the definition that stood at its instant: an edit fires first what is owed. */
export const wrongDefinitions = (job: JobEvidence): Violation[] =>
  job.scheduledEffects.flatMap(({ runId, scheduledFor, mark }) => {
    const { fires, marks } = job.timeline.expectAt(scheduledFor);
    return fires === "never" || marks.includes(mark) || mayBeTriggered(job, scheduledFor)
      ? []
      : [violation("G12", `run ${runId} of ${show(scheduledFor)} used ${mark}, not ${marks.join(" or ")}`)];
  });

/** G12: a run that was triggered uses the params sent along, or a definition that stood while the request was under way. */
export function wrongTriggers(history: History, effects: ReadonlyMap<string, readonly Effect[]>): Violation[] {
  return history.triggers.flatMap(({ runId, mark }) => {
    const used = runId === null ? undefined : effects.get(runId)?.[0]?.mark;
    return used === undefined || mark === null || used === mark
      ? []
      : [violation("G12", `triggered run ${runId} used ${used}, not ${mark}`)];
  });
}
