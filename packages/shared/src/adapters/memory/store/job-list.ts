import { withoutParams, type Job } from "../../../domain/job.ts";
import type { JobQuery } from "../../../ports/job-catalog.ts";
import type { Page } from "../../../ports/page.ts";
import type { OnUnreadable } from "../../../ports/unreadable.ts";
import { pageReadable } from "../../../runtime/map-readable.ts";
import type { JobRow } from "./job-table.ts";
import { canRead, readJob } from "./read-job.ts";
import { type Position, type SortedIndex, take } from "./sorted-index.ts";

/** A page of a tenant's jobs, newest first. The cursor is the position of the last job: `<createdAt>.<uid>`. */
export function listJobs(jobs: SortedIndex<JobRow>, query: JobQuery, onUnreadable: OnUnreadable): Page<Job> {
  const before = query.cursor === null ? null : positionOf(query.cursor);
  const found = take(jobs.descending(before), query.limit + 1, (row) => !canRead(row) || matches(readJob(row), query));
  const part = found.slice(0, query.limit);
  const last = part.at(-1)?.job;
  const nextCursor = found.length > part.length && last !== undefined ? `${last.createdAt}.${last.uid}` : null;
  const map = query.params === false ? (row: JobRow): Job => withoutParams(readJob(row)) : readJob;
  return pageReadable(part, { kind: "job", idOf: ({ job }) => String(job.id), map, onUnreadable }, nextCursor);
}

function positionOf(cursor: string): Position {
  const dot = cursor.indexOf(".");
  return { at: Number(cursor.slice(0, dot)), id: cursor.slice(dot + 1) };
}

function matches({ state, status, definition }: Job, wanted: JobQuery): boolean {
  return (
    equals(wanted.state, state) &&
    equals(wanted.status, status) &&
    equals(wanted.handler, definition.handler) &&
    equals(wanted.queue, definition.queue) &&
    (wanted.tags ?? []).every((tag) => definition.tags.includes(tag)) &&
    definition.name.toLowerCase().includes((wanted.nameContains ?? "").toLowerCase())
  );
}

const equals = (wanted: string | undefined, found: string): boolean => wanted === undefined || wanted === found;
