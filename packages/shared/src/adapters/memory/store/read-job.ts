import { evaluate } from "../../../domain/evaluation.ts";
import type { Job } from "../../../domain/job.ts";
import { knownOf, NO_DEFINITION, readDefinition, type KnownOfDefinition } from "../../../domain/stored-definition.ts";
import type { LastRun } from "../../../domain/run.ts";
import { checkedJob, isLastRun, usableDefinition } from "../../../domain/stored-job.ts";
import type { JobRow } from "./job-table.ts";

/** The job of a row, checked as one that came from a disk would be. Throws `store_corrupt`. */
export function readJob({ job, definitions }: JobRow): Job {
  const stored = definitions.has(job.definitionHash) ? readDefinition(job.definition) : NO_DEFINITION;
  return checkedJob({ ...job, definition: usableDefinition(stored, () => knownOfJob(job)) }, stored);
}

export const canRead = (row: JobRow): boolean => evaluate(() => readJob(row)).kind === "evaluated";

/** The last run that the row of its job tells of, if it tells of one. */
export function lastRunIn(row: JobRow | undefined): LastRun | null {
  const lastRun = row?.job.lastRun ?? null;
  return isLastRun(lastRun) ? lastRun : null;
}

/** Of a definition that is not there, or not all of it. */
export const knownOfJob = ({ id, definition }: Job): KnownOfDefinition =>
  knownOf(definition, { name: id, handler: "unknown", queue: "default" });
