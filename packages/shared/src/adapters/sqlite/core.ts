import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import { RUN_STATE } from "./codes.ts";
import { createDueIndex, type DueIndex } from "./due-index.ts";
import { openEndings, type Endings } from "./endings.ts";
import { createJobTable, type JobTable, putJob } from "./job-table.ts";
import { type JobRow, openJobReader } from "./job-view.ts";
import { type Meta, openMeta } from "./meta.ts";
import { isForUnknownHandler, newOpenRun, type RunExtra } from "./open-run.ts";
import { createOpenRuns, type OpenRuns } from "./open-runs.ts";
import { openOwners, type Owners } from "./owners.ts";
import { openRunIds, type RunIds } from "./run-ids.ts";
import { openRunRows, type RunRows } from "./run-rows.ts";
import { openRunReader, type RunNames, type RunRow } from "./run-view.ts";
import { openTraits, type TraitsTable } from "./traits.ts";

/**
 * The file, and what is kept of it in memory so that few statements are needed. All of the memory can be read anew from
 * the file at any time: after a write that failed it is, and so it never knows more than the file.
 */
export interface Core {
  readonly db: DatabaseSync;
  readonly meta: Meta;
  readonly jobs: JobTable;
  readonly due: DueIndex;
  readonly traits: TraitsTable;
  readonly owners: Owners;
  readonly open: OpenRuns;
  readonly ids: RunIds;
  readonly endings: Endings;
  readonly rows: RunRows;
  /** Definitions of which retention has found no user so far: see `openDefinitionSweep`. Who uses one takes it out. */
  readonly spare: Set<number>;
  readonly readRun: (runKey: number) => RunRow | null;
  readonly readJob: (jobKey: number) => JobRow | null;
}

/** Each start of the process is an incarnation: what another one was running has lost its owner. */
export function beginIncarnation(db: DatabaseSync): number {
  const meta = openMeta(db);
  const incarnation = meta.get("incarnation") + 1;
  meta.set("incarnation", incarnation);
  return incarnation;
}

export function loadCore(db: DatabaseSync, incarnation: number): Core {
  const meta = openMeta(db);
  const jobs = loadJobs(db);
  const traits = openTraits(db);
  const owners = openOwners(db, incarnation);
  const open = createOpenRuns();
  loadOpenRuns(db, { jobs, traits, owners, open, floor: meta.get("running_floor") });
  return {
    db,
    meta,
    jobs,
    due: createDueIndex(jobs),
    traits,
    owners,
    open,
    ids: openRunIds(db, { meta, open }),
    endings: openEndings(db),
    rows: openRunRows(db),
    spare: new Set(),
    readRun: openRunReader(db, namesOf(traits, owners)),
    readJob: openJobReader(db),
  };
}

const namesOf = (traits: TraitsTable, owners: Owners): RunNames => ({
  traitsOf: traits.get,
  executorOf: (ownerKey) => owners.get(ownerKey).executor,
});

function loadJobs(db: DatabaseSync): JobTable {
  const jobs = createJobTable();
  const select = db.prepare(
    `SELECT jobs.job_key, uid, tenant, slot, next_run_at, head, head_at, definition_key, version, traits_key, state
     FROM jobs JOIN cursors ON cursors.job_key = jobs.job_key ORDER BY jobs.job_key`,
  );
  select.setReturnArrays(true);
  for (const row of select.iterate() as Iterable<unknown> as Iterable<readonly (number | string | null)[]>) {
    const key = row[0] as number;
    for (let free = jobs.lastKey + 1; free < key; free += 1) jobs.freeKeys.push(free);
    putJob(jobs, key, {
      uid: row[1] as string,
      tenantId: row[2] as string,
      slot: row[3] as number,
      nextRunAt: row[4] as number | null,
      head: row[5] as number,
      headAt: row[6] as number | null,
      definitionKey: row[7] as number,
      version: row[8] as number,
      traitsKey: row[9] as number,
      state: row[10] as number,
    });
  }
  return jobs;
}

interface OpenRunParts {
  readonly jobs: JobTable;
  readonly traits: TraitsTable;
  readonly owners: Owners;
  readonly open: OpenRuns;
  readonly floor: number;
}

const OPEN_COLUMNS = `run_key, run_id, job_key, definition_key, traits_key, scheduled_for, state, attempt, owner_key,
  token, started_at, parked, extra`;

function loadOpenRuns(db: DatabaseSync, parts: OpenRunParts): void {
  const select = db.prepare(
    `SELECT ${OPEN_COLUMNS} FROM runs WHERE parked = 1
     UNION ALL
     SELECT ${OPEN_COLUMNS} FROM runs
     WHERE run_key > ? AND state = ${RUN_STATE.running} AND parked = 0`,
  );
  for (const row of select.iterate(parts.floor)) loadOpenRun(row as Record<string, number | string | null>, parts);
}

function loadOpenRun(row: Record<string, number | string | null>, { jobs, traits, owners, open }: OpenRunParts): void {
  const jobKey = row["job_key"] as number;
  const run = newOpenRun(
    {
      runKey: row["run_key"] as number,
      runId: row["run_id"] as string,
      jobKey,
      definitionKey: row["definition_key"] as number,
      scheduledFor: row["scheduled_for"] as number,
    },
    { traits: traits.get(row["traits_key"] as number), slot: jobs.slot[jobKey] as number, extra: extraOf(row) },
  );
  run.attempt = row["attempt"] as number;
  run.token = row["token"] as string | null;
  run.ownerKey = row["owner_key"] as number | null;
  run.startedAt = row["started_at"] as number | null;
  run.parked = row["parked"] === 1;
  open.add(run);
  const wakeAt = run.extra?.wakeAt;
  if (row["state"] === RUN_STATE.retrying) open.wait(run, "retrying", wakeAt);
  else if (row["state"] === RUN_STATE.due) open.wait(run, wakeAt !== undefined || isForUnknownHandler(run) ? "deferred" : "ready", wakeAt);
  else {
    open.run(run);
    if (run.ownerKey !== null && owners.isGone(run.ownerKey)) open.orphan(run);
  }
}

function extraOf(row: Record<string, number | string | null>): RunExtra | null {
  if (row["extra"] === null) return null;
  try {
    return JSON.parse(String(row["extra"])) as RunExtra;
  } catch (cause) {
    throw new AppError("store_corrupt", `run ${String(row["run_id"])}: its row cannot be read`, { cause });
  }
}
