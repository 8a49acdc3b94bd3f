import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import { evaluate } from "../../domain/evaluation.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { JOB_NONE, RUN_STATE, runCauseOf, runStateOf } from "./codes.ts";
import type { JobTable } from "./job-table.ts";
import { buildOfRows, type StoredRow } from "./load-rows.ts";
import { isForUnknownHandler, newOpenRun, type OpenRun, type RunExtra } from "./open-run.ts";
import { createOpenRuns, type OpenRuns } from "./open-runs.ts";
import type { Owners } from "./owners.ts";
import { readExtra } from "./run-view.ts";
import type { TraitsTable } from "./traits.ts";

interface OpenRunParts {
  readonly jobs: JobTable;
  readonly traits: TraitsTable;
  readonly owners: Owners;
  readonly floor: number;
  readonly onUnreadable: OnUnreadable;
}

const COLUMNS = `run_key AS key, run_id, job_key, definition_key, traits_key, scheduled_for, cause, state, attempt, owner_key,
  token, started_at, parked, extra`;
const PARKED = "FROM runs WHERE parked = 1";
const RUNNING = `FROM runs WHERE run_key > ? AND state = ${RUN_STATE.running} AND parked = 0`;
const SQL = {
  all: `SELECT ${COLUMNS} ${PARKED} UNION ALL SELECT ${COLUMNS} ${RUNNING}`,
  keys: `SELECT run_key AS key ${PARKED} UNION ALL SELECT run_key AS key ${RUNNING}`,
  one: `SELECT ${COLUMNS} FROM runs WHERE run_key = ?`,
};

/** Every run that has not ended. One that cannot be read waits in the file until it can: it is neither run nor closed. */
export function loadOpenRuns(db: DatabaseSync, parts: OpenRunParts): OpenRuns {
  const { floor, onUnreadable } = parts;
  const tell = (id: string, reason: string): void => onUnreadable({ kind: "run", id, reason });
  const build = (rows: Iterable<StoredRow>): OpenRuns => {
    const open = createOpenRuns();
    for (const row of rows) {
      const read = evaluate(() => openRunOf(row, parts));
      if (read.kind === "not_evaluated") tell(String(row["run_id"]), read.reason);
      else enter(open, { run: read.value, state: row["state"] as number }, parts);
    }
    return open;
  };
  return buildOfRows(db, SQL, { parameters: [floor], build, onBad: (key, reason) => tell(`key ${key}`, reason) });
}

function openRunOf(row: StoredRow, { jobs, traits: table }: OpenRunParts): OpenRun {
  const [runId, jobKey, state] = [row["run_id"] as string, row["job_key"] as number, row["state"] as number];
  const traits = table.find(row["traits_key"] as number);
  runStateOf(state);
  runCauseOf(row["cause"] as number);
  if (traits === undefined || (jobs.state[jobKey] ?? JOB_NONE) === JOB_NONE)
    throw new AppError("store_corrupt", `run ${runId}: a row that it refers to is gone`);
  const run = newOpenRun(
    {
      runKey: row["key"] as number,
      runId,
      jobKey,
      definitionKey: row["definition_key"] as number,
      scheduledFor: row["scheduled_for"] as number,
    },
    { traits, slot: jobs.slot[jobKey] as number, extra: extraOf(row) },
  );
  run.attempt = row["attempt"] as number;
  run.token = row["token"] as string | null;
  run.ownerKey = row["owner_key"] as number | null;
  run.startedAt = row["started_at"] as number | null;
  run.parked = row["parked"] === 1;
  return run;
}

/** A retry whose instant cannot be read is due now. */
function extraOf(row: StoredRow): RunExtra | null {
  const { extra } = readExtra(row["extra"] as string | null);
  return row["state"] === RUN_STATE.retrying && typeof extra?.wakeAt !== "number" ? { ...extra, wakeAt: 0 } : extra;
}

function enter(open: OpenRuns, { run, state }: { readonly run: OpenRun; readonly state: number }, { owners }: OpenRunParts): void {
  open.add(run);
  const wakeAt = run.extra?.wakeAt;
  if (state === RUN_STATE.retrying) open.wait(run, "retrying", wakeAt);
  else if (state === RUN_STATE.due) open.wait(run, wakeAt !== undefined || isForUnknownHandler(run) ? "deferred" : "ready", wakeAt);
  else {
    open.run(run);
    if (run.ownerKey !== null && owners.isGone(run.ownerKey)) open.orphan(run);
  }
}
