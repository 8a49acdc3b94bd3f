import { withoutParams, type Job } from "../../../domain/job.ts";
import { isTime } from "../../../domain/stored-value.ts";
import type { JobQuery } from "../../../ports/job-catalog.ts";
import type { Page } from "../../../ports/page.ts";
import type { StoreContext } from "../context.ts";
import { pageReadable } from "../../../runtime/map-readable.ts";
import { jobReader } from "./due-jobs.ts";
import type { JobRow } from "./job-row.ts";
import { behindPosition } from "../collections/position.ts";
import type { Filter } from "../collections/rows.ts";

/** A page of a tenant's jobs, newest first. The cursor is the position of the last job: `<createdAt>.<uid>`. */
export async function listJobs(context: StoreContext, tenantId: string, query: JobQuery): Promise<Page<Job>> {
  const found = await context.rows.jobs.find(filterOf(tenantId, query), { sort: { createdAt: -1, _id: -1 }, limit: query.limit + 1 });
  const part = found.slice(0, query.limit);
  const nextCursor = found.length > part.length ? cursorBehind(part) : null;
  const readOf = await jobReader(context, part, { params: query.params !== false });
  const map = query.params === false ? (row: JobRow): Job => withoutParams(readOf(row)) : readOf;
  return pageReadable(part, { kind: "job", idOf: ({ id }) => String(id), map, onUnreadable: context.onUnreadable }, nextCursor);
}

/**
 * Behind the last job that has a time. One whose time cannot be read stands before or behind all others, where a page that begins at a time
 * does not come: it must not end the list.
 */
function cursorBehind(part: readonly JobRow[]): string {
  const last = part.findLast(({ createdAt }) => isTime(createdAt));
  return last === undefined ? `${Number.MAX_SAFE_INTEGER}.` : `${last.createdAt}.${last._id}`;
}

function filterOf(tenantId: string, { state, status, handler, queue, tags, nameContains, cursor }: JobQuery): Filter {
  const name = nameContains?.toLowerCase() ?? "";
  return {
    tenantId: { $eq: tenantId },
    state: state === undefined ? { $ne: "deleted" } : { $eq: state },
    ...(status === undefined ? {} : { status: { $eq: status } }),
    ...(handler === undefined ? {} : { handler: { $eq: handler } }),
    ...(queue === undefined ? {} : { queue: { $eq: queue } }),
    ...(tags === undefined || tags.length === 0 ? {} : { tags: { $all: tags } }),
    ...(name === "" ? {} : { nameFolded: { $regex: literally(name) } }),
    ...(cursor === null ? {} : behind(cursor)),
  };
}

/** Text as a pattern that means nothing but itself. */
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

function behind(cursor: string): Filter {
  const dot = cursor.indexOf(".");
  const createdAt = Number(cursor.slice(0, dot));
  const last = { field: "createdAt", value: createdAt, id: cursor.slice(dot + 1) };
  return { createdAt: { $lte: createdAt }, ...behindPosition(last, "$lt") };
}
