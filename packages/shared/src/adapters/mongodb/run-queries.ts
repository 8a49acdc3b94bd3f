import { runIdFloor } from "../../domain/run-id.ts";
import type { RunQueries, RunQuery } from "../../ports/run-queries.ts";
import type { StoreContext } from "./context.ts";
import type { Filter } from "./rows.ts";
import { runOf } from "./run-view.ts";

export function createRunQueries({ rows: { runs } }: StoreContext): RunQueries {
  const own = (tenantId: string, runId: string): Filter => ({ _id: { $eq: runId }, tenantId: { $eq: tenantId } });
  return {
    async get(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId));
      return row === undefined ? null : runOf(row);
    },
    /** The cursor is the id of the last run of the page. */
    async list(tenantId, query) {
      const found = await runs.find(filterOf(tenantId, query), { sort: { _id: -1 }, limit: query.limit + 1 });
      const items = found.slice(0, query.limit).map(runOf);
      return { items, nextCursor: found.length > items.length ? (items.at(-1)?.runId ?? null) : null };
    },
    async origin(tenantId, runId) {
      const [row] = await runs.find(own(tenantId, runId), { fields: ["jobUid", "definitionHash"] });
      return row === undefined ? null : { jobUid: row.jobUid, definitionHash: row.definitionHash };
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
