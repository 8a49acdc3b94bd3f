import { mayBeTriggered, type JobEvidence } from "./evidence.ts";
import { show, violation, type History, type Violation } from "./history.ts";

/** I2: one run for one instant of one job. By effects and by rows, each for itself. */
export function doubleFires(job: JobEvidence): Violation[] {
  const asked = job.scheduledEffects.filter(({ scheduledFor }) => !mayBeTriggered(job, scheduledFor));
  const runs = Map.groupBy(asked, ({ scheduledFor }) => scheduledFor);
  const found: Violation[] = [];
  for (const [instant, effects] of runs) {
    const runIds = new Set(effects.map(({ runId }) => runId));
    if (runIds.size > 1) found.push(violation("I2", `${job.jobId} at ${show(instant)}: ${runIds.size} runs, ${[...runIds].join(" and ")}`));
  }
  return [...found, ...doubleRows(job)];
}

/** Instants that two rows account for, a range for all of its own. */
function doubleRows({ jobId, scheduledRows }: JobEvidence): Violation[] {
  const rows = scheduledRows.toSorted((a, b) => a.scheduledFor - b.scheduledFor);
  const found: Violation[] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const { id, scheduledFor, scheduledForLast } of rows) {
    if (scheduledFor <= until) found.push(violation("I2", `${jobId} at ${show(scheduledFor)}: accounted for twice, once more by ${id}`));
    until = Math.max(until, scheduledForLast ?? scheduledFor);
  }
  return found;
}

/** I2, the other way round: a run id means one instant of one job wherever it is seen. */
export function ambiguousRuns({ effects }: History): Violation[] {
  const found: Violation[] = [];
  for (const [runId, calls] of Map.groupBy(effects, (effect) => effect.runId)) {
    const meanings = new Set(calls.map(({ jobId, scheduledFor }) => `${jobId} at ${show(scheduledFor)}`));
    if (meanings.size > 1) found.push(violation("I2", `run ${runId} means ${[...meanings].join(" and ")}`));
  }
  return found;
}

/** I2: no run that neither a schedule nor a person asked for. G11: none behind an acknowledged pause or delete. */
export function uncalledFires(job: JobEvidence): Violation[] {
  return job.scheduledEffects.flatMap(({ runId, scheduledFor }) => {
    if (mayBeTriggered(job, scheduledFor) || job.timeline.expectAt(scheduledFor).fires !== "never") return [];
    const barrier = barrierBefore(job, scheduledFor);
    const where = `${job.jobId} at ${show(scheduledFor)}: run ${runId} started`;
    return barrier === null
      ? [violation("I2", `${where}, which no schedule and no request asked for`)]
      : [violation("G11", `${where}, though the ${barrier} before it was acknowledged`)];
  });
}

function barrierBefore({ writes }: JobEvidence, instant: number): "pause" | "delete" | null {
  const before = writes.findLast(({ kind, to }) => to < instant && kind !== "edit");
  return before?.kind === "pause" || before?.kind === "delete" ? before.kind : null;
}
