import { DEFINITION_GRACE_MS, type RetentionRequest } from "../../../ports/store/retention.ts";
import type { StoreContext } from "../context.ts";
import { NOT_SEEN_UNUSED } from "./definitions.ts";
import { query } from "../rows.ts";

/** Runs read in one sweep, as a multiple of the definitions it may delete. */
const RUNS_LOOKED_AT = 4;

interface Unused {
  readonly definitionKey: number;
  readonly jobKey: number;
  readonly unusedSince: number;
  /** The newest run that its job had when the job got another definition: no later run uses this one as the job's own. */
  readonly lastRunId: string;
}

const NO_PLACE = { definitionKey: 0, unusedSince: 0, runId: "" };

export interface DefinitionsSwept {
  readonly definitions: number;
  /** True when there is more to read or delete at once. */
  readonly more: boolean;
}

/**
 * Deletes definitions that no job and no run uses. Their grace begins when a sweep finds them unused, and must be over. A run that named a definition of its own is
 * found by an index. The other runs used the definition that their job had, so they were fired before the job got another one: each sweep reads
 * a part of the oldest runs of the job. A definition that is still used is checked again after another grace.
 */
export function openDefinitionSweep({ db }: StoreContext): (request: Pick<RetentionRequest, "now" | "limit">) => DefinitionsSwept {
  const unused = query<Unused>(
    db,
    `SELECT definition_key AS definitionKey, job_key AS jobKey, unused_since AS unusedSince, coalesce(last_run_id, '') AS lastRunId FROM definitions
     WHERE unused_since > ${NOT_SEEN_UNUSED} AND unused_since <= ? ORDER BY unused_since, definition_key LIMIT ? + 0`,
  );
  const see = db.prepare(
    `UPDATE definitions SET unused_since = ? WHERE definition_key IN
       (SELECT definition_key FROM definitions WHERE unused_since = ${NOT_SEEN_UNUSED} LIMIT ? + 0)`,
  );
  const isNamed = query(db, "SELECT 1 FROM runs WHERE named_definition = ? LIMIT 1");
  const older = query<{ runId: string; definitionKey: number }>(
    db,
    "SELECT run_id AS runId, definition_key AS definitionKey FROM runs WHERE job_key = ? AND run_id > ? AND run_id <= ? ORDER BY run_id LIMIT ? + 0",
  );
  const remove = db.prepare("DELETE FROM definitions WHERE definition_key = ?");
  const keep = db.prepare("UPDATE definitions SET unused_since = ? WHERE definition_key = ?");
  /** The definition whose runs the last sweep has not read to the end, and its position. If the definition is used again, the reading restarts. */
  let place = NO_PLACE;

  /** Whether a run uses it; null: not known yet, although all of `rows` have been read. */
  function isUsed(
    { definitionKey, jobKey, unusedSince, lastRunId }: Unused,
    rows: number,
  ): { readonly used: boolean | null; readonly looked: number } {
    const from = place.definitionKey === definitionKey && place.unusedSince === unusedSince ? place.runId : "";
    place = NO_PLACE;
    if (isNamed.get(definitionKey) !== undefined) return { used: true, looked: 1 };
    const found = older.all(jobKey, from, lastRunId, rows);
    if (found.some((run) => run.definitionKey === definitionKey)) return { used: true, looked: found.length };
    if (found.length < rows) return { used: false, looked: found.length };
    place = { definitionKey, unusedSince, runId: found.at(-1)?.runId ?? from };
    return { used: null, looked: found.length };
  }
  return ({ now, limit }) => {
    let [definitions, left] = [0, RUNS_LOOKED_AT * limit];
    const seen = Number(see.run(now, limit).changes);
    const found = unused.all(now - DEFINITION_GRACE_MS, limit);
    for (const definition of found) {
      const { used, looked } = isUsed(definition, left);
      if (used === null) return { definitions, more: true };
      left -= looked;
      if (used) keep.run(now, definition.definitionKey);
      else definitions += Number(remove.run(definition.definitionKey).changes);
      if (left <= 0) return { definitions, more: true };
    }
    return { definitions, more: Math.max(found.length, seen) === limit };
  };
}
