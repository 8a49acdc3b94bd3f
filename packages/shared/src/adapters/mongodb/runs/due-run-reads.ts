import type { DueRun } from "../../../domain/run/due-run.ts";
import type { LastRun } from "../../../domain/run/run.ts";
import type { Shard } from "../../../domain/slot.ts";
import { isLastRun } from "../../../domain/job/stored-job.ts";
import { isText } from "../../../domain/json/stored-value.ts";
import { mapReadable } from "../../../runtime/batch/map-readable.ts";
import type { ReadablePart } from "../../../runtime/batch/read-enough.ts";
import { type Filter, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { inShardQuery } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";
import { asReadable, toDueRun } from "./run-view.ts";

/** With their definitions, and the last runs of their jobs at present. */
export async function readDueRuns(
  { rows, definitions, onUnreadable }: StoreContext,
  due: readonly RunRow[],
): Promise<ReadablePart<DueRun>> {
  const jobUids = [...new Set(due.map(({ jobUid }) => jobUid))].filter(isText); // In an unreadable row it may be anything.
  const [readDefinition, jobs] = await Promise.all([definitions.read(due), rows.jobs.find(withIds(jobUids), { fields: ["lastRun"] })]);
  const lastRuns = new Map<string, LastRun | null>(jobs.map(({ _id, lastRun }) => [_id, isLastRun(lastRun) ? lastRun : null]));
  const read = (row: RunRow): DueRun => toDueRun(row, readDefinition(row), lastRuns.get(row.jobUid) ?? null);
  return { items: mapReadable(due, asReadable(read, onUnreadable)), met: due.length };
}

/** The queues of the runs with this `standing`. Each queue takes one seek in the index: a backlog of a hundred thousand runs is not scanned. */
export async function readQueues({ rows }: StoreContext, waiting: Filter, shard: Shard): Promise<string[]> {
  const queues: string[] = [];
  for (let last = ""; ;) {
    const filter = { ...waiting, queue: { $gt: last }, ...inShardQuery(shard) };
    const [next] = await rows.runs.find(filter, { sort: { queue: 1 }, limit: 1, fields: ["queue"] });
    if (next === undefined) return queues;
    queues.push((last = next.queue));
  }
}

/** The fields of a row by which `findRunnable` decides. */
export const RUNNABLE_FIELDS = ["jobUid", "definitionHash", "attempt", "attempts"] as const;

/** Those of the due runs that can be run as they are stored: the others are not published, and a claim refuses them. */
export async function findRunnable({ definitions }: Pick<StoreContext, "definitions">, rows: readonly RunRow[]): Promise<RunRow[]> {
  const readDefinition = await definitions.read(rows);
  return rows.filter((row) => readDefinition(row).kind === "read" && (row.attempt === 1 || Array.isArray(row.attempts)));
}
