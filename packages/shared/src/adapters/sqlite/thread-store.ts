import type { Digest } from "../../domain/digest.ts";
import { definitionHash } from "../../domain/job-definition.ts";
import type { Job } from "../../domain/job.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DueJobs } from "../../ports/due-jobs.ts";
import type { DueRuns } from "../../ports/due-runs.ts";
import type { RunClaims } from "../../ports/run-claims.ts";
import type { Store } from "../../ports/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { readEnough } from "../../runtime/read-enough.ts";
import { systemClock } from "../system/clock.ts";
import { sha256 } from "../system/digest.ts";
import { definitionText, type JobWithoutDefinition } from "./catalog.ts";
import { createClaimMemory, type ClaimMemory } from "./claim-memory.ts";
import { putClaim, takeClaimOutcomes } from "./claim-call.ts";
import { MEMORY_FILE } from "./database.ts";
import { putFire, takeFireResult } from "./fire-call.ts";
import { putPublishable, putTexts, putUpcoming, takeDueRuns, takeJobs } from "./job-call.ts";
import { openReads, type Reads } from "./reads.ts";
import { putSettlements, takeSettleOutcomes } from "./settlements.ts";
import { putStatusChanges } from "./statuses.ts";
import type { SqliteStoreOptions } from "./sqlite-store.ts";
import type { ThreadLink } from "./thread-link.ts";

/** What the ports of one store share. */
interface Link {
  readonly thread: ThreadLink;
  readonly reads: Reads;
  readonly memory: ClaimMemory;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly onUnreadable: OnUnreadable;
}

/** The ports of a store, over the way to what performs its calls. */
export function storeOver(
  thread: ThreadLink,
  { file, digest = sha256, clock = systemClock, onUnreadable = () => {} }: SqliteStoreOptions,
): Store {
  const reads = openReads(file === MEMORY_FILE ? null : file, { thread, onUnreadable });
  const link: Link = { thread, reads, memory: createClaimMemory(), digest, clock, onUnreadable };
  return {
    ...jobPorts(link),
    ...firePorts(link),
    ...claimPorts(link),
    ...readPorts(link),
    handlers: {
      publish: (handlers) => thread.cold("publishHandlers", { handlers }),
      list: () => thread.cold("listHandlers", undefined),
    },
    leaders: {
      take: (lease) => thread.cold("take", { ...lease, now: clock.now() }),
      release: (lease) => thread.cold("release", lease),
    },
    decided: {
      latest: () => thread.cold("decidedLatest", undefined),
      note: (now) => thread.cold("decidedNote", { now }),
    },
    async ping() {
      await thread.cold("ping", undefined);
      return { now: clock.now() };
    },
    refusal: thread.refusing,
    async close() {
      reads.close();
      await thread.close();
    },
  };
}

const withoutDefinition = ({ definition: _definition, ...job }: Job): JobWithoutDefinition => job;

const jobPorts = ({ thread, reads, digest }: Link): Pick<Store, "jobs" | "outbox" | "requests"> => ({
  jobs: {
    async create(tenantId, { job, event }) {
      const definition = definitionText(job.definitionHash, job.definition);
      const answer = await thread.cold("createJob", { tenantId, job: withoutDefinition(job), definition, event });
      return { kind: answer.kind, job: answer.job ?? job };
    },
    get: reads.getJob,
    list: reads.listJobs,
    change(tenantId, { previous, next, event }) {
      const { uid, version, nextRunAt, state } = previous;
      // What is not changed is not written: what was read of it may be a stand-in.
      const same = next.definitionHash === previous.definitionHash;
      const definition = same ? null : definitionText(next.definitionHash, next.definition);
      const request = { tenantId, previous: { uid, version, nextRunAt, state }, next: withoutDefinition(next), definition, event };
      return thread.cold("changeJob", request);
    },
    async addDefinition(tenantId, { jobUid, definition }) {
      const hash = definitionHash(digest, definition);
      await thread.cold("addDefinition", { tenantId, jobUid, definition: definitionText(hash, definition) });
      return hash;
    },
  },
  outbox: {
    unsent: (query) => thread.cold("unsent", query),
    sent: (eventIds) => thread.cold("sent", { eventIds }),
  },
  requests: { bind: (tenantId, binding) => thread.cold("bind", { tenantId, binding }) },
});

const upcomingOf =
  ({ thread, onUnreadable }: Link): DueJobs["upcoming"] =>
  (query) =>
    readEnough(query.limit, (limit) =>
      thread.hot("upcoming", { put: (writer) => putUpcoming(writer, { ...query, limit }), take: takeJobs(onUnreadable) }),
    );

const publishableOf =
  ({ thread, onUnreadable }: Link): DueRuns["publishable"] =>
  (query) =>
    readEnough(query.limit, (limit) =>
      thread.hot("publishable", { put: (writer) => putPublishable(writer, { ...query, limit }), take: takeDueRuns(onUnreadable) }),
    );

const readRunsOf =
  ({ thread, onUnreadable }: Pick<Link, "thread" | "onUnreadable">): RunClaims["read"] =>
  async (runIds) =>
    (await thread.hot("readRuns", { put: (writer) => putTexts(writer, runIds), take: takeDueRuns(onUnreadable) })).items;

const firePorts = (link: Link): Pick<Store, "dueJobs" | "dueRuns" | "deferred" | "leases"> => ({
  dueJobs: {
    upcoming: upcomingOf(link),
    async read(jobUids) {
      const take = takeJobs(link.onUnreadable);
      return (await link.thread.hot("readJobs", { put: (writer) => putTexts(writer, jobUids), take })).items;
    },
    fire: (request) =>
      link.thread.hot("fire", {
        put: (writer) => putFire(writer, request),
        take(reader) {
          const result = takeFireResult(reader);
          link.memory.fired(request, result);
          return result;
        },
      }),
    // A fire and its runs are one transaction: there is nothing half-done to complete.
    repair: () => Promise.resolve(0),
  },
  dueRuns: {
    publishable: publishableOf(link),
    queues: (shard) => link.thread.cold("queues", { shard }),
    published: (request) => link.thread.cold("published", request),
    unclaimed: (shard) => link.thread.cold("unclaimed", { shard }),
    unclaimedRescued: (shard, rescuesMin) => link.thread.cold("unclaimed", { shard, rescuesMin }),
    wake: (request) => link.thread.cold("wake", request),
    closeWaiting: (request) => link.thread.cold("closeWaiting", request),
    resetWaits: (request) => link.thread.cold("resetWaits", request),
  },
  deferred: {
    queues: (shard) => link.thread.cold("deferredQueues", { shard }),
    resume: (request) => link.thread.cold("resumeDeferred", request),
    async waiting(runIds) {
      const waiting = await link.thread.cold("waitingRuns", { runIds });
      return waiting.length === 0 ? waiting : (await readRunsOf(link)(waiting)).map(({ runId }) => runId);
    },
  },
  leases: {
    ending: (query) => link.thread.cold("ending", query),
    rescue: (request) => link.thread.cold("rescue", request),
  },
});

const claimPorts = ({ thread, memory, digest, onUnreadable }: Link): Pick<Store, "claims" | "control" | "announcements"> => ({
  claims: {
    read: readRunsOf({ thread, onUnreadable }),
    holders: (runIds) => thread.cold("holders", { runIds }),
    lastRuns: async (jobUids) => new Map(await thread.cold("lastRuns", { jobUids })),
    claim: (request) =>
      thread.hot("claim", {
        put: (writer) => putClaim(writer, request, digest),
        take(reader) {
          const outcomes = takeClaimOutcomes(reader, request);
          memory.claimed(outcomes);
          return outcomes;
        },
      }),
    heartbeat: ({ leases }) => thread.cold("heartbeat", { leases }),
    settle({ settlements, now }) {
      const call = { settlements, now, memory };
      return thread.hot("settle", { put: (writer) => putSettlements(writer, call), take: (reader) => takeSettleOutcomes(reader, call) });
    },
    defer: (request) => thread.cold("defer", request),
  },
  control: {
    cancel: (tenantId, request) => thread.cold("cancelRun", { tenantId, ...request }),
    cancelOpen: (tenantId, request) => thread.cold("cancelOpen", { tenantId, ...request }),
    cancelRunning: (tenantId, request) => thread.cold("cancelRunning", { tenantId, ...request }),
  },
  announcements: {
    unannounced: (query) => thread.cold("unannounced", query),
    announced: (runIds) => thread.hot("announced", { put: (writer) => putTexts(writer, runIds), take: () => undefined }),
  },
});

const readPorts = ({ thread, reads }: Link): Pick<Store, "runs" | "status" | "retention"> => ({
  runs: { get: reads.getRun, list: reads.listRuns, params: reads.paramsOf, origin: reads.originOf },
  status: {
    apply: (changes) => thread.hot("apply", { put: (writer) => putStatusChanges(writer, changes), take: () => undefined }),
    standing: (runIds) => thread.cold("standing", { runIds }),
    settledSince: (query) => thread.cold("settledSince", query),
    watermark: () => thread.cold("watermark", undefined),
    advance: (watermark) => thread.cold("advance", { watermark }),
    rewind: (watermark) => thread.cold("rewind", { watermark }),
  },
  retention: {
    sweep: (request) => thread.cold("sweep", request),
    forgotten: () => thread.cold("forgotten", undefined),
  },
});
