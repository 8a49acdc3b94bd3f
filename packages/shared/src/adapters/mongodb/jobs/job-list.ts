import { withoutParams, type Job } from "../../../domain/job/job.ts";
import { isTime } from "../../../domain/json/stored-value.ts";
import type { JobQuery } from "../../../ports/jobs/job-catalog.ts";
import type { Page } from "../../../ports/page.ts";
import type { StoreContext } from "../context.ts";
import { pageReadable } from "../../../runtime/batch/map-readable.ts";
import { openJobReader } from "./due-jobs.ts";
import type { JobRow } from "./job-row.ts";
import { behindPosition, parseCursor, toCursor } from "../collections/position.ts";
import { equal, type Filter } from "../collections/rows.ts";

/** A page of a tenant's jobs, newest first. The cursor is the position of the last job, by `createdAt`. */
export async function listJobs(context: StoreContext, tenantId: string, query: JobQuery): Promise<Page<Job>> {
  const found = await context.rows.jobs.find(toFilter(tenantId, query), { sort: { createdAt: -1, _id: -1 }, limit: query.limit + 1 });
  const part = found.slice(0, query.limit);
  const nextCursor = found.length > part.length ? cursorBehind(part) : null;
  const read = await openJobReader(context, part, { params: query.params !== false });
  const map = query.params === false ? (row: JobRow): Job => withoutParams(read(row)) : read;
  return pageReadable(part, { kind: "job", idOf: ({ id }) => String(id), map, onUnreadable: context.onUnreadable }, nextCursor);
}

/**
 * After the last job with a readable time. A job with an unreadable time sorts before or after all others, where no page begins:
 * it must not end the list.
 */
function cursorBehind(part: readonly JobRow[]): string {
  const last = part.findLast(({ createdAt }) => isTime(createdAt));
  return toCursor({ value: last?.createdAt ?? Number.MAX_SAFE_INTEGER, id: last?._id ?? "" });
}

function toFilter(tenantId: string, { state, status, handler, queue, tags = [], nameContains = "", cursor }: JobQuery): Filter {
  return {
    ...equal({ tenantId, state, status, handler, queue }),
    ...(state === undefined && { state: { $ne: "deleted" } }),
    ...(tags.length > 0 && { tags: { $all: tags } }),
    ...(nameContains !== "" && { nameFolded: { $regex: literally(nameContains.toLowerCase()) } }),
    ...(cursor !== null && behind(cursor)),
  };
}

/** Escapes text for a pattern that matches exactly this text. */
const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

function behind(cursor: string): Filter {
  const last = parseCursor(cursor);
  return { createdAt: { $lte: last.value }, ...behindPosition("createdAt", last, "$lt") };
}
