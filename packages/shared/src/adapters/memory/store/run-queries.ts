import { withoutOutput, type Run } from "../../../domain/run.ts";
import { readDefinition } from "../../../domain/stored-definition.ts";
import type { RunQueries, RunQuery } from "../../../ports/run-queries.ts";
import { pageReadable } from "../../../runtime/map-readable.ts";
import { asReadable, type RunRow, runOf } from "./run-row.ts";
import { jobIdKey, type RunTable } from "./run-table.ts";
import { take } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export function createRunQueries({ runs, onUnreadable }: MemoryState): RunQueries {
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
      const found = take(walk(runs, tenantId, query), query.limit + 1, (row) => matches(row, tenantId, query));
      const part = found.slice(0, query.limit);
      const map = query.outputs === false ? (row: RunRow): Run => withoutOutput(runOf(row)) : runOf;
      return pageReadable(part, asReadable(map, onUnreadable), found.length > part.length ? (part.at(-1)?.runId ?? null) : null);
    },
    async params(tenantId, runIds) {
      const stored = runIds.flatMap((runId) => {
        const row = own(tenantId, runId);
        const read = row === null ? null : readDefinition(row.origin.definition);
        return read === null || read.kind === "unreadable" ? [] : [[runId, read.definition.params] as const];
      });
      return new Map(stored);
    },
    async origin(tenantId, runId) {
      const row = own(tenantId, runId);
      if (row === null || readDefinition(row.origin.definition).kind === "unreadable") return null;
      return { jobUid: row.origin.jobUid, definitionHash: row.entry.definitionHash };
    },
  };
}

/** The narrowest order there is for the query, newest first. */
const walk = (runs: RunTable, tenantId: string, { jobUid, jobId, cursor }: RunQuery): Generator<RunRow> =>
  jobUid !== undefined
    ? runs.ofJob.descending(jobUid, cursor)
    : jobId !== undefined
      ? runs.ofJobId.descending(jobIdKey(tenantId, jobId), cursor)
      : runs.ofTenant.descending(tenantId, cursor);

const matches = ({ origin, state, cause, scheduledFor }: RunRow, tenantId: string, wanted: RunQuery): boolean =>
  origin.tenantId === tenantId &&
  (wanted.jobId === undefined || origin.jobId === wanted.jobId) &&
  (wanted.state === undefined || state === wanted.state) &&
  (wanted.cause === undefined || cause === wanted.cause) &&
  (wanted.from === undefined || scheduledFor >= wanted.from) &&
  (wanted.to === undefined || scheduledFor < wanted.to);
