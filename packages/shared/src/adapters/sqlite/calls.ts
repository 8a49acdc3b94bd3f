import type { JobQuery } from "../../ports/job-catalog.ts";
import type { RunQuery } from "../../ports/run-queries.ts";
import { readUnannounced } from "./announcing.ts";
import { openBindings } from "./bindings.ts";
import { openCatalog } from "./catalog.ts";
import { deferredQueues, resumeDeferred, waitingRuns } from "./deferred.ts";
import { openDefinitionCache } from "./definition-cache.ts";
import { defer, heartbeat, openClaims } from "./claims.ts";
import { holders, lastRuns, standing } from "./standing.ts";
import { openControls } from "./controls.ts";
import type { Core } from "./core.ts";
import { openFires } from "./fires.ts";
import { openHandlerRows } from "./handler-rows.ts";
import type { HotName } from "./hot-names.ts";
import { openDueRunCalls, openJobsByUid, openUpcoming, takeTexts } from "./job-call.ts";
import { openJobReads } from "./job-reads.ts";
import { openLeaderRows } from "./leader-rows.ts";
import { openOutbox } from "./outbox.ts";
import { endingLeases, rescue } from "./rescues.ts";
import { resetWaits } from "./reset-waits.ts";
import { openRetention } from "./retention-sweep.ts";
import { openRunReads } from "./run-reads.ts";
import { openSettlements } from "./settlements.ts";
import { openSettledSince, openStatuses } from "./statuses.ts";
import { closeWaiting, published, queuesWithReady, unclaimed, wake } from "./waits.ts";
import type { PacketReader, PacketWriter } from "./wire.ts";

/** Calls that change nothing, neither in the file nor in memory: where one fails, nothing is to be mended. */
export const READ_CALLS: ReadonlySet<string> = new Set<HotName | ColdName>([
  ...(["upcoming", "readJobs", "publishable", "readRuns"] as const),
  ...([
    "unsent",
    "queues",
    "unclaimed",
    "deferredQueues",
    "waitingRuns",
    "heartbeat",
    "ending",
    "unannounced",
    "settledSince",
    "standing",
    "holders",
    "lastRuns",
    "watermark",
    "decidedLatest",
    "forgotten",
    "listHandlers",
  ] as const),
  ...(["ping", "getJob", "listJobs", "getRun", "listRuns", "paramsOf", "originOf"] as const),
]);

export type HotCall = (reader: PacketReader, writer: PacketWriter) => void;

export const openHotCalls = (core: Core): Readonly<Record<HotName, HotCall>> => ({
  fire: openFires(core),
  settle: openSettlements(core),
  claim: openClaims(core),
  apply: openStatuses(core),
  announced: (reader) => core.endings.announced(takeTexts(reader)),
  upcoming: openUpcoming(core),
  readJobs: openJobsByUid(core),
  ...openDueRunCalls(core),
});

/** All other calls: one argument and one answer, both as JSON. */
export type ColdCalls = ReturnType<typeof openColdCalls>;
export type ColdName = keyof ColdCalls;

export function openColdCalls(core: Core) {
  const { db, meta, onUnreadable } = core;
  const outbox = openOutbox(db, onUnreadable);
  const catalog = openCatalog(core, outbox);
  const handlers = openHandlerRows(db, onUnreadable);
  const leaders = openLeaderRows(db);
  const how = { pause: (): Promise<void> => Promise.resolve(), onUnreadable };
  const definitions = openDefinitionCache(db);
  const jobs = openJobReads(db, definitions, how);
  const runs = openRunReads(db, definitions, how);
  return {
    createJob: catalog.create,
    changeJob: catalog.change,
    addDefinition: catalog.addDefinition,
    unsent: outbox.unsent,
    sent: outbox.sent,
    bind: openBindings(db),
    queues: queuesWithReady(core),
    published: published(core),
    unclaimed: unclaimed(core),
    wake: wake(core),
    closeWaiting: closeWaiting(core),
    deferredQueues: deferredQueues(core),
    resumeDeferred: resumeDeferred(core),
    waitingRuns: waitingRuns(core),
    resetWaits: resetWaits(core),
    heartbeat: heartbeat(core),
    defer: defer(core),
    holders: holders(core),
    lastRuns: lastRuns(core),
    ending: endingLeases(core),
    rescue: rescue(core),
    ...openControls(core),
    unannounced: readUnannounced(core),
    settledSince: openSettledSince(core),
    standing: standing(core),
    watermark: () => meta.get("watermark"),
    advance: ({ watermark }: { readonly watermark: number }): void => meta.raise("watermark", watermark),
    rewind: ({ watermark }: { readonly watermark: number }): void => {
      if (watermark < meta.get("watermark")) meta.set("watermark", watermark);
    },
    decidedLatest: () => meta.get("decided"),
    decidedNote: ({ now }: { readonly now: number }): void => meta.raise("decided", now),
    sweep: openRetention(core, outbox),
    forgotten: () => ({ runs: meta.get("runs_forgotten"), jobs: meta.get("jobs_forgotten") }),
    publishHandlers: handlers.publish,
    listHandlers: handlers.list,
    take: leaders.take,
    release: leaders.release,
    ping: () => null,
    // Where the file is in memory, nobody else can read it.
    getJob: ({ tenantId, jobId }: { readonly tenantId: string; readonly jobId: string }) => jobs.get(tenantId, jobId),
    listJobs: ({ tenantId, query }: { readonly tenantId: string; readonly query: JobQuery }) => jobs.list(tenantId, query),
    getRun: ({ tenantId, runId }: { readonly tenantId: string; readonly runId: string }) => runs.get(tenantId, runId),
    listRuns: ({ tenantId, query }: { readonly tenantId: string; readonly query: RunQuery }) => runs.list(tenantId, query),
    paramsOf: ({ tenantId, runIds }: { readonly tenantId: string; readonly runIds: readonly string[] }) => runs.params(tenantId, runIds),
    originOf: ({ tenantId, runId }: { readonly tenantId: string; readonly runId: string }) => runs.origin(tenantId, runId),
  };
}
