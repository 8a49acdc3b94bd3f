import { setImmediate as nextTurn } from "node:timers/promises";
import type { JobCatalog } from "../../ports/job-catalog.ts";
import type { RunQueries } from "../../ports/run-queries.ts";
import { AppError } from "../../domain/app-error.ts";
import { openReader } from "./database.ts";
import { storeFault } from "./faults.ts";
import { openJobReads } from "./job-reads.ts";
import { openRunReads } from "./run-reads.ts";
import type { ThreadLink } from "./thread-link.ts";

/** People's reads. */
export interface Reads {
  readonly getJob: JobCatalog["get"];
  readonly listJobs: JobCatalog["list"];
  readonly getRun: RunQueries["get"];
  readonly listRuns: RunQueries["list"];
  readonly originOf: RunQueries["origin"];
  close(): void;
}

/** On a connection of their own, in the caller's thread: no hop, no wait for a write. A file in memory is the thread's alone. */
export const openReads = (file: string | null, thread: ThreadLink): Reads => (file === null ? readsOfThread(thread) : readsOfFile(file));

const readsOfThread = (thread: ThreadLink): Reads => ({
  getJob: (tenantId, jobId) => thread.cold("getJob", { tenantId, jobId }),
  listJobs: (tenantId, query) => thread.cold("listJobs", { tenantId, query }),
  getRun: (tenantId, runId) => thread.cold("getRun", { tenantId, runId }),
  listRuns: (tenantId, query) => thread.cold("listRuns", { tenantId, query }),
  originOf: (tenantId, runId) => thread.cold("originOf", { tenantId, runId }),
  close() {},
});

function readsOfFile(file: string): Reads {
  const db = openReader(file);
  const pause = (): Promise<void> => nextTurn();
  const jobs = openJobReads(db, pause);
  const runs = openRunReads(db, pause);
  const guarded = async <Answer>(deed: string, read: () => Answer | Promise<Answer>): Promise<Answer> => {
    if (!db.isOpen) throw new AppError("store_unavailable", `${deed}: the store is closed`, { retryable: true });
    try {
      return await read();
    } catch (fault) {
      throw storeFault(fault, deed);
    }
  };
  return {
    getJob: (tenantId, jobId) => guarded(`read job ${jobId}`, () => jobs.get(tenantId, jobId)),
    listJobs: (tenantId, query) => guarded("list jobs", () => jobs.list(tenantId, query)),
    getRun: (tenantId, runId) => guarded(`read run ${runId}`, () => runs.get(tenantId, runId)),
    listRuns: (tenantId, query) => guarded("list runs", () => runs.list(tenantId, query)),
    originOf: (tenantId, runId) => guarded(`read run ${runId}`, () => runs.origin(tenantId, runId)),
    close() {
      if (db.isOpen) db.close();
    },
  };
}
