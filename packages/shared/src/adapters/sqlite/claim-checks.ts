import type { SQLOutputValue } from "node:sqlite";
import { sha256 } from "../system/digest.ts";
import { AppError } from "../../domain/app-error.ts";
import { differingField, differs } from "../../domain/due-run.ts";
import { definedExecutionHash, type JobDefinition } from "../../domain/job-definition.ts";
import type { SaidRun } from "./claim-call.ts";
import { runCauseOf } from "./codes.ts";
import type { Core } from "./core.ts";
import type { NamedDefinition } from "./job-view.ts";
import type { OpenRun } from "./open-run.ts";

/** Tells how what a message says of a run differs from what is stored; null: not at all. */
export function openClaimChecks({ db, definitions }: Core): (run: OpenRun, said: SaidRun) => string | null {
  const select = db.prepare(
    `SELECT jobs.tenant, jobs.uid, jobs.id, runs.version, runs.cause, definitions.hash
     FROM runs JOIN jobs ON jobs.job_key = runs.job_key JOIN definitions ON definitions.definition_key = runs.definition_key
     WHERE runs.run_key = ?`,
  );
  select.setReturnArrays(true);

  function difference(run: OpenRun, said: SaidRun): string | null {
    const row = select.get(run.runKey) as unknown as readonly SQLOutputValue[] | undefined;
    if (row === undefined) throw new AppError("store_corrupt", "its row in the store is not whole");
    const { slot, scheduledFor, traits, extra } = run;
    const held = {
      tenantId: row[0] as string,
      jobUid: row[1] as string,
      jobId: row[2] as string,
      jobVersion: row[3] as number,
      slot,
      queue: traits.queue,
      handler: traits.handler,
      cause: runCauseOf(row[4] as number),
      scheduledFor,
      failures: extra?.failures ?? 0,
      rescues: extra?.rescues ?? 0,
    };
    const field = differingField(said, held);
    if (field !== null) return differs(field);
    const definition = { hash: row[5] as string, read: () => definitionIn(definitions.get(run.definitionKey)) };
    return said.executionHash === definedExecutionHash(sha256, definition) ? null : differs("execution");
  }
  return (run, said) => {
    try {
      return difference(run, said);
    } catch (fault) {
      // A run that cannot be read is nobody's, and the others of the batch are claimed.
      if (isUnreadable(fault)) return fault.message;
      throw fault;
    }
  };
}

function definitionIn({ stored }: NamedDefinition): JobDefinition {
  if (stored.kind === "unreadable") throw new AppError("store_corrupt", stored.reason);
  return stored.definition;
}

/** A number in the file that is beyond what JavaScript counts to is a `RangeError`. */
const isUnreadable = (fault: unknown): fault is Error =>
  fault instanceof RangeError || (fault instanceof AppError && fault.code === "store_corrupt");
