import type { RunQueries, RunQuery } from "../../../ports/run-queries.ts";
import { type RunRow, runOf } from "./run-row.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export function createRunQueries({ runs }: MemoryState): RunQueries {
  const own = (tenantId: string, runId: string): RunRow | null => {
    const row = runs.get(runId);
    return row?.origin.tenantId === tenantId ? row : null;
  };
  return {
    async get(tenantId, runId) {
      const row = own(tenantId, runId);
      return row === null ? null : runOf(row);
    },
    /** The cursor is the id of the last run of the page. */
    async list(tenantId, query) {
      const before = query.cursor === null ? null : { at: 0, id: query.cursor };
      const found = take(narrowest(runs, tenantId, query).descending(before), query.limit + 1, (row) => matches(row, tenantId, query));
      const items = found.slice(0, query.limit).map(runOf);
      return { items, nextCursor: found.length > items.length ? (items.at(-1)?.runId ?? null) : null };
    },
    async origin(tenantId, runId) {
      const row = own(tenantId, runId);
      return row === null ? null : { jobUid: row.origin.jobUid, definitionHash: row.entry.definitionHash };
    },
  };
}

const narrowest = (runs: MemoryState["runs"], tenantId: string, { jobUid, jobId }: RunQuery) =>
  jobUid !== undefined ? runs.ofJob(jobUid) : jobId !== undefined ? runs.ofJobId(tenantId, jobId) : runs.ofTenant(tenantId);

const matches = ({ origin, state, cause, scheduledFor }: RunRow, tenantId: string, wanted: RunQuery): boolean =>
  origin.tenantId === tenantId &&
  (wanted.jobId === undefined || origin.jobId === wanted.jobId) &&
  (wanted.state === undefined || state === wanted.state) &&
  (wanted.cause === undefined || cause === wanted.cause) &&
  (wanted.from === undefined || scheduledFor >= wanted.from) &&
  (wanted.to === undefined || scheduledFor < wanted.to);
