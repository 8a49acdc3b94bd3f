import type { DatabaseSync } from "node:sqlite";
import {
  isExclusive,
  judgeOverlap,
  OVERLAP_BUFFER_MAX,
  type OverlapPolicy,
  type OverlapSibling,
  type OverlapVerdict,
} from "../../../domain/policy/overlap.ts";
import { makePublishable } from "../../../domain/run/run-changes.ts";
import type { Standing } from "../../../domain/run/run-record.ts";
import { RUN_CAUSES, type RunCause } from "../../../domain/run/run.ts";
import type { Definitions } from "../jobs/definitions.ts";
import { query } from "../rows.ts";
import { IS_OPEN, type RunRows, type StoredRun } from "./run-rows.ts";

/** A run that is to start, or may be the next to start. */
export type Contender = Pick<StoredRun, "runId" | "jobKey" | "scheduledFor" | "queue" | "handler" | "overlap" | "firstStartedAt">;

/** The runs of a job that contend for its lock. Only a few rows are read, however many there are. */
export interface Overlap {
  /** Whether a run may start now, by its policy and the other open runs of its job. */
  judge(run: Contender): OverlapVerdict;
  /** Called when a run of the job no longer contends: if none is in progress, makes the first waiting run of each queue and handler publishable. Returns those. */
  wakeNext(run: Pick<StoredRun, "jobKey" | "overlap">): readonly StoredRun[];
  /** True of the oldest run of its job, queue and handler that is ready or waits. */
  isNext(run: Contender): boolean;
}

interface SiblingRow {
  readonly runId: string;
  readonly scheduledFor: number;
  readonly queue: string;
  readonly handler: string;
  readonly overlap: OverlapPolicy;
  readonly standing: Standing;
  readonly startedAt: number | null;
  readonly firstStartedAt: number | null;
  readonly definitionKey: number;
  readonly cause: RunCause;
  readonly attempt: number;
}

const SELECT_SIBLINGS = `SELECT run_id AS runId, scheduled_for AS scheduledFor, queue, handler, overlap, standing, started_at AS startedAt,
    first_started_at AS firstStartedAt, definition_key AS definitionKey, cause, attempt
  FROM runs WHERE job_key = ? AND overlap <> 'allow' AND ${IS_OPEN}`;

const START: OverlapVerdict = { kind: "start" };
const DUE: readonly Standing[] = ["publishable", "published", "waiting"];

export function openOverlap(
  db: DatabaseSync,
  { definitions, runs }: { readonly definitions: Definitions; readonly runs: RunRows },
): Overlap {
  const siblings = (rest: string) => query<SiblingRow>(db, `${SELECT_SIBLINGS} AND ${rest}`);
  const anyOpen = query(db, "SELECT 1 FROM runs WHERE job_key = ? AND standing IS NOT NULL AND run_id <> ? LIMIT 1");
  const anyWaiting = query(db, "SELECT 1 FROM runs WHERE job_key = ? AND standing = 'waiting' LIMIT 1");
  const running = siblings("standing = 'running' AND run_id <> ? LIMIT 1");
  const laneBefore = siblings("standing = ? AND queue = ? AND handler = ? AND run_id < ? ORDER BY run_id");
  // A plus keeps SQLite from looking for the ids in the whole history of the job.
  const waiting = siblings(`standing = 'waiting' AND run_id <> ? LIMIT ${OVERLAP_BUFFER_MAX}`);
  const readyBefore = siblings(`standing IN ('publishable', 'published') AND +run_id < ? LIMIT ${OVERLAP_BUFFER_MAX}`);
  const superseded = siblings("standing = 'waiting' AND +run_id < ? AND scheduled_for > ? ORDER BY +run_id");
  const nextLane = siblings("standing = 'waiting' AND (queue, handler) > (?, ?) ORDER BY queue, handler, run_id");
  // An executor can receive it: see `requireReadableRun`.
  const canBeRun = ({ definitionKey, cause, scheduledFor, attempt }: SiblingRow): boolean =>
    definitions.isReadable(definitionKey) && RUN_CAUSES.includes(cause) && !Number.isNaN(scheduledFor + attempt);

  /** The first run of its queue and handler that precedes it and can be run. */
  function before({ jobKey, queue, handler, runId }: Contender): SiblingRow | undefined {
    const firsts = DUE.flatMap((standing) => findFirst(laneBefore.iterate(jobKey, standing, queue, handler, runId), canBeRun) ?? []);
    return firsts.toSorted(byId)[0];
  }
  /** The other runs that the policy of the run considers, while another is in progress. */
  function besides({ jobKey, runId, overlap }: Contender, holder: SiblingRow): SiblingRow[] {
    if (overlap === "buffer_one" || overlap === "buffer_all") return [...waiting.all(jobKey, runId), ...readyBefore.all(jobKey, runId)];
    return overlap === "cancel_running" ? superseded.all(jobKey, runId, holder.startedAt) : [];
  }
  /** The queues and handlers of the runs that wait. */
  function* lanesOf(jobKey: number): Iterable<Pick<SiblingRow, "queue" | "handler">> {
    let lane: Pick<SiblingRow, "queue" | "handler"> | undefined = { queue: "", handler: "" };
    while ((lane = findFirst(nextLane.iterate(jobKey, lane.queue, lane.handler), () => true)) !== undefined) yield lane;
  }
  return {
    judge(run) {
      if (!isExclusive(run.overlap) || anyOpen.get(run.jobKey, run.runId) === undefined) return START; // Mostly.
      const holder = running.get(run.jobKey, run.runId);
      const first = holder === undefined ? before(run) : undefined;
      const others = holder === undefined ? (first === undefined ? [] : [first]) : [holder, ...besides(run, holder)];
      return judgeOverlap({ ...run, started: run.firstStartedAt !== null }, others.map(toSibling));
    },
    wakeNext({ jobKey, overlap }) {
      if (!isExclusive(overlap) || anyWaiting.get(jobKey) === undefined) return []; // Mostly.
      if (running.get(jobKey, "") !== undefined) return [];
      const first = [...lanesOf(jobKey)].flatMap(({ queue, handler }) => {
        return findFirst(laneBefore.iterate(jobKey, "waiting", queue, handler, LAST_ID), canBeRun) ?? [];
      });
      const records = first.toSorted(byId).flatMap(({ runId }) => runs.find(runId) ?? []);
      const published = records.map(makePublishable);
      for (const run of published) runs.save(run);
      return published;
    },
    isNext: (run) => before(run) === undefined,
  };
}

/** Sorts after all ids, which are in base 32. */
const LAST_ID = "~";

const byId = (left: SiblingRow, right: SiblingRow): number => (left.runId < right.runId ? -1 : 1);

const toSibling = ({ standing, firstStartedAt, ...row }: SiblingRow): OverlapSibling => ({
  ...row,
  standing: standing === "running" || standing === "waiting" ? standing : "ready",
  started: firstStartedAt !== null,
});

function findFirst<Row>(rows: Iterable<Row>, isWanted: (row: Row) => boolean): Row | undefined {
  for (const row of rows) if (isWanted(row)) return row;
  return undefined;
}
