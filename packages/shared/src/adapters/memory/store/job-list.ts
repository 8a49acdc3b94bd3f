import type { Job } from "../../../domain/job.ts";
import type { JobQuery } from "../../../ports/job-catalog.ts";
import type { Page } from "../../../ports/page.ts";
import type { JobRow } from "./job-table.ts";
import { type Position, type SortedIndex, take } from "./sorted-index.ts";

/** A page of a tenant's jobs, newest first. The cursor is the position of the last job: `<createdAt>.<uid>`. */
export function listJobs(jobs: SortedIndex<JobRow>, query: JobQuery): Page<Job> {
  const before = query.cursor === null ? null : positionOf(query.cursor);
  const found = take(jobs.descending(before), query.limit + 1, ({ job }) => matches(job, query)).map(({ job }) => job);
  const items = found.slice(0, query.limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > items.length && last !== undefined ? `${last.createdAt}.${last.uid}` : null };
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
