import type { Job } from "../../../domain/job.ts";
import { standInDefinition } from "../../../domain/stored-definition.ts";
import { type DefinitionRow, type JobRow, newDefinitionRow, type PendingFire } from "./job-table.ts";
import { knownOfJob, readJob } from "./read-job.ts";
import type { RunOrigin } from "../../../domain/run.ts";
import { newRunRow } from "./run-row.ts";
import type { MemoryState } from "./state.ts";

/**
 * Makes the runs of all fires pending in a job, and answers with the ids of those that did not exist yet. Whoever reads
 * a job back to write it does this first, so that a fire that crashed half-way is completed by whoever comes next.
 */
export function completeFires({ jobs, runs }: Pick<MemoryState, "jobs" | "runs">, row: JobRow): string[] {
  if (row.pending.length === 0) return [];
  const missing = row.pending.filter(({ runId }) => runs.get(runId) === undefined);
  for (const fire of missing) {
    const definition = definitionOf(row, fire);
    runs.save(newRunRow(originOf(row, fire, definition), fire));
    definition.runs += 1;
  }
  row.pending = [];
  jobs.save(row);
  return missing.map(({ runId }) => runId);
}

/** Completes what is pending in a job, and reads it. */
export function readBack(state: MemoryState, row: JobRow): Job {
  completeFires(state, row);
  return readJob(row);
}

/** A fire that was won has its run, also where nobody can run it because its definition is gone. */
const definitionOf = ({ job, definitions }: JobRow, { entry }: PendingFire): DefinitionRow =>
  definitions.get(entry.definitionHash) ?? newDefinitionRow(standInDefinition(knownOfJob(job)));

function originOf({ job }: JobRow, { jobVersion }: PendingFire, { definition }: DefinitionRow): RunOrigin {
  return { tenantId: job.tenantId, jobUid: job.uid, jobId: job.id, jobVersion, slot: job.slot, definition };
}
