import { runIdFloor } from "../../../domain/run/run-id.ts";
import type { RunQueries, RunQuery } from "../../../ports/runs/run-queries.ts";
import { pageReadable } from "../../../runtime/batch/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { equal, type Filter, withIds } from "../collections/rows.ts";
import { asReadable, toRun } from "./run-view.ts";

export function createRunQueries({ rows: { runs }, definitions, onUnreadable }: StoreContext): RunQueries {
  const own = (tenantId: string, runId: string): Filter => ({ _id: { $eq: runId }, tenantId: { $eq: tenantId } });
  return {
    async get(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId));
      return row === undefined ? null : toRun(row);
    },
    /** The cursor is the id of the last run of the page. */
    async list(tenantId, query) {
      const found = await runs.find(toFilter(tenantId, query), {
        sort: { _id: -1 },
        limit: query.limit + 1,
        ...(query.outputs === false && { without: ["output"] }),
      });
      const part = found.slice(0, query.limit);
      return pageReadable(part, asReadable(toRun, onUnreadable), found.length > part.length ? (part.at(-1)?._id ?? null) : null);
    },
    async params(tenantId, runIds) {
      const rows = await runs.find({ ...withIds(runIds), tenantId: { $eq: tenantId } }, { fields: ["jobUid", "definitionHash"] });
      const read = await definitions.read(rows);
      return new Map(
        rows.flatMap((row) => {
          const stored = read(row);
          return stored.kind === "unreadable" ? [] : [[row._id, stored.definition.params] as const];
        }),
      );
    },
    async origin(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId), { fields: ["jobUid", "definitionHash"] });
      if (row === undefined || (await definitions.read([row]))(row).kind === "unreadable") return null;
      return { jobUid: row.jobUid, definitionHash: row.definitionHash };
    },
  };
}

/** Ids sort by `scheduledFor`, so a range of instants is a range of ids, in the order of the list. */
function toFilter(tenantId: string, { jobId, jobUid, state, cause, from, to, cursor }: RunQuery): Filter {
  const below = [cursor, to === undefined ? null : runIdFloor(to)].filter((id) => id !== null).sort()[0];
  const range = { ...(from !== undefined && { $gte: runIdFloor(from) }), ...(below !== undefined && { $lt: below }) };
  return { ...equal({ tenantId, jobId, jobUid, state, cause }), ...(Object.keys(range).length > 0 && { _id: range }) };
}
