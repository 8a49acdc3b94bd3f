import { runIdFloor } from "../../../domain/run-id.ts";
import type { RunQueries, RunQuery } from "../../../ports/run-queries.ts";
import { pageReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import type { Filter } from "../collections/rows.ts";
import { asReadable, runOf } from "./run-view.ts";

export function createRunQueries({ rows: { runs }, definitions, onUnreadable }: StoreContext): RunQueries {
  const own = (tenantId: string, runId: string): Filter => ({ _id: { $eq: runId }, tenantId: { $eq: tenantId } });
  return {
    async get(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId));
      return row === undefined ? null : runOf(row);
    },
    /** The cursor is the id of the last run of the page. */
    async list(tenantId, query) {
      const found = await runs.find(filterOf(tenantId, query), {
        sort: { _id: -1 },
        limit: query.limit + 1,
        ...(query.outputs === false && { without: ["output"] }),
      });
      const part = found.slice(0, query.limit);
      return pageReadable(part, asReadable(runOf, onUnreadable), found.length > part.length ? (part.at(-1)?._id ?? null) : null);
    },
    async params(tenantId, runIds) {
      const rows = await runs.find(
        { _id: { $in: runIds.toSorted() }, tenantId: { $eq: tenantId } },
        { fields: ["jobUid", "definitionHash"] },
      );
      const definitionFor = await definitions.of(rows);
      const read = rows.flatMap((row) => {
        const stored = definitionFor(row);
        return stored.kind === "unreadable" ? [] : [[row._id, stored.definition.params] as const];
      });
      return new Map(read);
    },
    async origin(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId), { fields: ["jobUid", "definitionHash"] });
      if (row === undefined || (await definitions.of([row]))(row).kind === "unreadable") return null;
      return { jobUid: row.jobUid, definitionHash: row.definitionHash };
    },
  };
}

/** Ids sort by `scheduledFor`, so a range of instants is a range of ids, in the order of the list. */
const filterOf = (tenantId: string, { jobId, jobUid, state, cause, from, to, cursor }: RunQuery): Filter => ({
  tenantId: { $eq: tenantId },
  ...(jobId === undefined ? {} : { jobId: { $eq: jobId } }),
  ...(jobUid === undefined ? {} : { jobUid: { $eq: jobUid } }),
  ...(state === undefined ? {} : { state: { $eq: state } }),
  ...(cause === undefined ? {} : { cause: { $eq: cause } }),
  ...rangeOf({ from: from === undefined ? "" : runIdFloor(from), below: [cursor, to === undefined ? null : runIdFloor(to)] }),
});

function rangeOf({ from, below }: { readonly from: string; readonly below: readonly (string | null)[] }): Filter {
  const [lowest] = below.filter((id) => id !== null).sort();
  const range = { ...(from === "" ? {} : { $gte: from }), ...(lowest === undefined ? {} : { $lt: lowest }) };
  return Object.keys(range).length === 0 ? {} : { _id: range };
}
