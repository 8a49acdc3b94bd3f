import { type Run, withoutOutput } from "../../domain/run/run.ts";
import { toRun } from "../../domain/run/run-record.ts";
import { readDefinition } from "../../domain/job/stored-definition.ts";
import type { RunQueries, RunQuery } from "../../ports/runs/run-queries.ts";
import { pageReadable } from "../../runtime/batch/map-readable.ts";
import { ascending, type MemoryState, readable, type StoredRun } from "./state.ts";

export function createRunQueries(state: MemoryState): RunQueries {
  const find = (tenantId: string, runId: string): StoredRun | null => {
    const run = state.runs.get(runId);
    return run?.tenantId === tenantId ? run : null;
  };
  return {
    async get(tenantId, runId) {
      const run = find(tenantId, runId);
      return run === null ? null : toRun(run);
    },
    /** The cursor is the id of the last run of the page. */
    async list(tenantId, query) {
      const found = [...state.runs.values()].filter((run) => run.tenantId === tenantId && matches(run, query));
      const page = found.sort(ascending("runId")).reverse().slice(0, query.limit);
      const map = query.outputs === false ? (run: StoredRun): Run => withoutOutput(toRun(run)) : toRun;
      return pageReadable(page, readable(state, map), found.length > page.length ? (page.at(-1)?.runId ?? null) : null);
    },
    async params(tenantId, runIds) {
      const stored = runIds.flatMap((runId) => {
        const read = readDefinition(find(tenantId, runId)?.definition);
        return read.kind === "unreadable" ? [] : [[runId, read.definition.params] as const];
      });
      return new Map(stored);
    },
    async origin(tenantId, runId) {
      const run = find(tenantId, runId);
      if (run === null || readDefinition(run.definition).kind === "unreadable") return null;
      return { jobUid: run.jobUid, definitionHash: run.definitionHash };
    },
  };
}

const matches = ({ runId, scheduledFor, ...run }: StoredRun, { cursor, from, to, ...wanted }: RunQuery): boolean =>
  (cursor === null || runId < cursor) &&
  (from === undefined || scheduledFor >= from) &&
  (to === undefined || scheduledFor < to) &&
  (["jobId", "jobUid", "state", "cause"] as const).every((field) => wanted[field] === undefined || wanted[field] === run[field]);
