import type { JobCatalog } from "../../ports/job-catalog.ts";
import type { RunQueries } from "../../ports/run-queries.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { AppError } from "../../domain/app-error.ts";
import { openReader } from "./database.ts";
import { openDefinitionCache } from "./definition-cache.ts";
import { storeFault } from "./faults.ts";
import { openJobReads } from "./job-reads.ts";
import { oneATurn } from "./one-a-turn.ts";
import { openPageCache } from "./page-cache.ts";
import { openRunReads } from "./run-reads.ts";
import type { ThreadLink } from "./thread-link.ts";

/** People's reads. */
export interface Reads {
  readonly getJob: JobCatalog["get"];
  readonly listJobs: JobCatalog["list"];
  readonly getRun: RunQueries["get"];
  readonly listRuns: RunQueries["list"];
  readonly paramsOf: RunQueries["params"];
  readonly originOf: RunQueries["origin"];
  close(): void;
}

/** What a run with an output counts for among the answers kept. */
const RUN_WITH_OUTPUT = 10;

/** On a connection of their own, in the caller's thread: no hop, no wait for a write. A file in memory is the thread's alone. */
export const openReads = (
  file: string | null,
  { thread, onUnreadable }: { readonly thread: ThreadLink; readonly onUnreadable: OnUnreadable },
): Reads => (file === null ? readsOfThread(thread) : readsOfFile(file, onUnreadable));

const readsOfThread = (thread: ThreadLink): Reads => ({
  getJob: (tenantId, jobId) => thread.cold("getJob", { tenantId, jobId }),
  listJobs: (tenantId, query) => thread.cold("listJobs", { tenantId, query }),
  getRun: (tenantId, runId) => thread.cold("getRun", { tenantId, runId }),
  listRuns: (tenantId, query) => thread.cold("listRuns", { tenantId, query }),
  paramsOf: async (tenantId, runIds) => new Map(await thread.cold("paramsOf", { tenantId, runIds })),
  originOf: (tenantId, runId) => thread.cold("originOf", { tenantId, runId }),
  close() {},
});

function readsOfFile(file: string, onUnreadable: OnUnreadable): Reads {
  const db = openReader(file);
  const pages = openPageCache(db);
  const definitions = openDefinitionCache(db);
  const how = { pause: oneATurn(), onUnreadable };
  const jobs = openJobReads(db, definitions, how);
  const runs = openRunReads(db, definitions, how);

  async function asked<Answer>(key: string, fetch: () => Answer | Promise<Answer>): Promise<Answer> {
    if (!db.isOpen) throw new AppError("store_unavailable", `${key}: the store is closed`, { retryable: true });
    try {
      return await fetch();
    } catch (fault) {
      throw storeFault(fault, key);
    }
  }
  /** From the answers kept, if nothing has been written since. */
  const read = <Answer>(key: string, fetch: () => Answer | Promise<Answer>): Promise<Answer> =>
    asked(key, async () => {
      const version = pages.version();
      const known = pages.find<Answer>(key, version);
      if (known !== undefined) return known;
      const { long } = definitions;
      const value = await fetch();
      if (definitions.long === long) pages.keep(key, { version, value, items: weightOf(value) });
      return value;
    });
  return {
    getJob: (tenantId, jobId) => read(`job ${tenantId} ${jobId}`, () => jobs.get(tenantId, jobId)),
    listJobs: (tenantId, query) => read(`jobs ${tenantId} ${JSON.stringify(query)}`, () => jobs.list(tenantId, query)),
    getRun: (tenantId, runId) => read(`run ${tenantId} ${runId}`, () => runs.get(tenantId, runId)),
    listRuns: (tenantId, query) => read(`runs ${tenantId} ${JSON.stringify(query)}`, () => runs.list(tenantId, query)),
    paramsOf: (tenantId, runIds) => asked(`params of ${runIds.length} runs`, () => new Map(runs.params(tenantId, runIds))),
    originOf: (tenantId, runId) => read(`origin ${tenantId} ${runId}`, () => runs.origin(tenantId, runId)),
    close() {
      if (db.isOpen) db.close();
    },
  };
}

/** Jobs and runs in an answer. An output may be long, so a run that has one counts for many. */
function weightOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  if ("items" in value && Array.isArray(value.items)) return value.items.reduce<number>((sum, item) => sum + weightOf(item), 1);
  return "output" in value && value.output !== null ? RUN_WITH_OUTPUT : 1;
}
