import { AppError } from "../../../domain/app-error.ts";
import { makeDueRun, type DueFacts, type DueRun } from "../../../domain/run/due-run.ts";
import { isExclusive, type OverlapPolicy } from "../../../domain/policy/overlap.ts";
import { readDefinitionText } from "../../../domain/job/stored-definition.ts";
import { readStoredPriority } from "../../../domain/queue/priority.ts";
import { isLastRun } from "../../../domain/job/stored-job.ts";
import { readOutput, requireReadableRun } from "../../../domain/run/stored-run.ts";
import { selected } from "../rows.ts";
import { IDENTITY_FIELDS, NAMES_OF_JOB } from "./run-rows.ts";

const FIELDS = [
  ...IDENTITY_FIELDS,
  ...(["slot", "attempt", "failures", "rescues", "firstStartedAt", "overlap", "state", "startedAt", "finishedAt"] as const),
] as const;

/** An open run as a query returns it, with what an executor needs. `lastRun` and `definition` are JSON. */
export interface DueRunRow extends Omit<DueFacts, "exclusive"> {
  readonly overlap: OverlapPolicy;
  readonly state: "due" | "running" | "retrying";
  readonly startedAt: number | null;
  readonly finishedAt: null;
  readonly lastRun: string | null;
  readonly definition: string | null;
}

export const SELECT_DUE_RUNS = `SELECT ${selected("runs", FIELDS)}, ${NAMES_OF_JOB}, jobs.last_run AS lastRun, definitions.body AS definition
  FROM runs JOIN jobs USING (job_key) LEFT JOIN definitions ON definitions.definition_key = runs.definition_key`;

/** Throws `store_corrupt` when the task of the run cannot be read. */
export function readDueRun({ lastRun, definition, overlap, ...run }: DueRunRow): DueRun {
  const stored = readDefinitionText(definition);
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", `run ${run.runId}: ${stored.reason}`);
  const last = readOutput(lastRun).output;
  const told = { ...requireReadableRun(run), priority: readStoredPriority(run.priority), exclusive: isExclusive(overlap) };
  return makeDueRun(told, stored.definition, isLastRun(last) ? last : null);
}
