import type { DatabaseSync } from "node:sqlite";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { type DefinitionCache, openDefinitionCache } from "./definition-cache.ts";
import { createDueIndex, type DueIndex } from "./due-index.ts";
import { openEndings, type Endings } from "./endings.ts";
import type { JobTable } from "./job-table.ts";
import { type JobRow, openJobReader } from "./job-view.ts";
import { type Meta, openMeta } from "./meta.ts";
import { loadJobs } from "./load-jobs.ts";
import { loadOpenRuns } from "./load-open-runs.ts";
import type { OpenRuns } from "./open-runs.ts";
import { openOwners, type Owners } from "./owners.ts";
import { openRunIds, type RunIds } from "./run-ids.ts";
import { openRunRows, type RunRows } from "./run-rows.ts";
import { openRunReader, UNKNOWN_TRAITS, type RunNames, type RunRow } from "./run-view.ts";
import { openTraits, type TraitsTable } from "./traits.ts";

/**
 * The file, and what is kept of it in memory so that few statements are needed. All of the memory can be read anew from
 * the file at any time: after a write that failed it is, and so it never knows more than the file.
 */
export interface Core {
  readonly db: DatabaseSync;
  readonly onUnreadable: OnUnreadable;
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
  readonly definitions: DefinitionCache;
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

export interface LoadOptions {
  readonly incarnation: number;
  readonly onUnreadable: OnUnreadable;
}

/** Rows that cannot be read are passed by: a file is opened whatever stands in one of them. */
export function loadCore(db: DatabaseSync, { incarnation, onUnreadable }: LoadOptions): Core {
  const meta = openMeta(db);
  const jobs = loadJobs(db, onUnreadable);
  const traits = openTraits(db);
  const owners = openOwners(db, incarnation);
  const open = loadOpenRuns(db, { jobs, traits, owners, floor: meta.get("running_floor"), onUnreadable });
  return {
    db,
    onUnreadable,
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
    definitions: openDefinitionCache(db),
    readRun: openRunReader(db, namesOf(traits, owners)),
    readJob: openJobReader(db),
  };
}

const namesOf = (traits: TraitsTable, owners: Owners): RunNames => ({
  traitsOf: (traitsKey) => traits.find(traitsKey) ?? UNKNOWN_TRAITS,
  executorOf: (ownerKey) => owners.get(ownerKey).executor,
});
