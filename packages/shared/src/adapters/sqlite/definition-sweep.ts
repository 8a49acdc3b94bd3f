import { DEFINITION_GRACE_MS, type RetentionRequest } from "../../ports/retention.ts";
import { JOB_NONE } from "./codes.ts";
import type { Core } from "./core.ts";
import { openForgottenDefinitions } from "./definition-keys.ts";

/** Definitions and runs looked at in one sweep, as a multiple of what it may forget: some milliseconds. */
const ROWS_LOOKED_AT = 4;
/** Definitions that one pass may suspect; the next pass goes on behind them. */
const SPARE_MAX = 100_000;

/** Where a pass stands; `since` is when its last stage began. */
type Stage =
  | { readonly kind: "gather" }
  | { readonly kind: "scan"; readonly after: number; readonly to: number }
  | { readonly kind: "rest"; readonly since: number };

export interface DefinitionsSwept {
  readonly definitions: number;
  /** True when there is more to look at, or to forget, at once. */
  readonly more: boolean;
}
const NOTHING: DefinitionsSwept = { definitions: 0, more: false };

interface Place {
  readonly jobKey: number;
  readonly hash: string;
}

const FIRST_PLACE: Place = { jobKey: 0, hash: "" };

/**
 * Forgets definitions that no job and no run uses. What run uses which definition is written in the runs alone, for an
 * index by definition would cost every fire. So a pass suspects all that are not their job's own, goes through the runs
 * there are, some at a time, and clears whatever it meets; `core.spare` is what is still suspected, and who uses a
 * definition meanwhile (a fire that names it, an edit back to it, somebody who adds it again) clears it too. What is left
 * when all runs were seen goes after `DEFINITION_GRACE_MS`, in which a fire may follow the call that named its definition.
 * Then the next pass begins, so that going through the runs costs little of an hour however many there are.
 */
export function openDefinitionSweep(core: Core): (request: Pick<RetentionRequest, "now" | "limit">) => DefinitionsSwept {
  const gather = openGather(core);
  const scan = openScan(core);
  const forget = openForgottenDefinitions(core);
  const lastRun = core.db.prepare("SELECT max(run_key) AS last FROM runs");
  let stage: Stage = { kind: "gather" };

  function remove(limit: number): DefinitionsSwept {
    const keys: number[] = [];
    for (const key of core.spare) {
      if (keys.length === limit) break;
      keys.push(key);
    }
    for (const key of keys) core.spare.delete(key);
    if (core.spare.size === 0) stage = { kind: "gather" };
    return { definitions: forget.unused(keys), more: keys.length === limit };
  }
  return ({ now, limit }) => {
    const rows = ROWS_LOOKED_AT * limit;
    switch (stage.kind) {
      case "gather": {
        if (!gather(rows)) return { ...NOTHING, more: true };
        stage = { kind: "scan", after: 0, to: Number(lastRun.get()?.["last"] ?? 0) };
        return NOTHING;
      }
      case "scan": {
        const after = core.spare.size === 0 ? stage.to : scan({ ...stage, rows });
        const more = after < stage.to;
        stage = more ? { ...stage, after } : { kind: "rest", since: now };
        return { ...NOTHING, more };
      }
      case "rest":
        return now - stage.since < DEFINITION_GRACE_MS ? NOTHING : remove(limit);
    }
  };
}

/** Suspects some more definitions, all of which the index of hashes knows. True when it is time to look at the runs. */
function openGather({ db, jobs, spare }: Core): (rows: number) => boolean {
  const select = db.prepare(
    "SELECT job_key, hash, definition_key FROM definitions WHERE (job_key, hash) > (?, ?) ORDER BY job_key, hash LIMIT ?",
  );
  select.setReturnArrays(true);
  let place = FIRST_PLACE;
  return (rows) => {
    const found = select.all(place.jobKey, place.hash, rows) as unknown as (readonly [number, string, number])[];
    for (const [jobKey, , definitionKey] of found) {
      const own = jobs.state[jobKey] !== JOB_NONE && jobs.definitionKey[jobKey] === definitionKey;
      if (!own) spare.add(definitionKey);
    }
    const last = found.at(-1);
    const over = last === undefined || found.length < rows;
    place = over ? FIRST_PLACE : { jobKey: last[0], hash: last[1] };
    return over || spare.size >= SPARE_MAX;
  };
}

interface ScanRange {
  readonly after: number;
  readonly to: number;
  readonly rows: number;
}

/** Clears what the next runs use. Returns up to which key runs have been seen. */
function openScan({ db, spare }: Core): (range: ScanRange) => number {
  const first = db.prepare("SELECT min(run_key) AS first FROM runs WHERE run_key > ? AND run_key <= ?");
  const select = db.prepare("SELECT DISTINCT definition_key FROM runs WHERE run_key >= ? AND run_key < ?");
  select.setReturnArrays(true);
  return ({ after, to, rows }) => {
    const from = first.get(after, to)?.["first"];
    if (typeof from !== "number") return to;
    for (const [definitionKey] of select.all(from, from + rows) as unknown as (readonly [number])[]) spare.delete(definitionKey);
    return from + rows - 1;
  };
}
