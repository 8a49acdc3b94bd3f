import type { JobEvidence } from "./evidence.ts";
import { violation, type FinalJob, type History, type Violation } from "./history.ts";

/** I8: what was acknowledged is there at the end, as it was last acknowledged. */
export function lostWrites(job: JobEvidence, final: FinalJob | undefined): Violation[] {
  const { state, plan } = job.timeline.last;
  const { jobId } = job;
  if (state === "absent") return final === undefined ? [] : [violation("I8", `job ${jobId} was deleted, and is back`)];
  if (final === undefined) return [violation("I8", `job ${jobId} was acknowledged, and is gone`)];
  const found: Violation[] = [];
  const version = expectedVersion(job);
  if (final.version < version) found.push(violation("I8", `job ${jobId} has version ${final.version}, and ${version} was acknowledged`));
  if (final.mark !== plan?.mark) found.push(violation("I8", `job ${jobId} has definition ${final.mark}, not ${plan?.mark}`));
  if (state === "paused" && final.state !== "paused") found.push(violation("I8", `job ${jobId} was paused, and is ${final.state}`));
  if (state === "active" && final.state === "paused") found.push(violation("I8", `job ${jobId} is paused, and no request paused it`));
  return found;
}

/** The highest version acknowledged since the job under this id was last created. */
function expectedVersion({ writes }: JobEvidence): number {
  const createdAt = writes.findLastIndex(({ kind }) => kind === "create");
  return Math.max(0, ...writes.slice(createdAt).map((write) => ("version" in write ? write.version : 0)));
}

/** I8: a run that was promised exists, and was carried out or says why not. */
export function lostTriggers({ triggers, rows, effects }: History): Violation[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const called = new Set(effects.map(({ runId }) => runId));
  return triggers.flatMap(({ runId, jobId }) => {
    if (runId === null) return [];
    const row = byId.get(runId);
    if (row === undefined) return [violation("I8", `run ${runId} of ${jobId} was acknowledged, and is gone`)];
    return row.state === "succeeded" && !called.has(runId)
      ? [violation("I8", `run ${runId} says succeeded, and its target was never called`)]
      : [];
  });
}
