import { AppError } from "../../domain/app-error.ts";
import type { Digest } from "../../domain/digest.ts";
import type { DueRun } from "../../domain/run/due-run.ts";
import { definitionHash } from "../../domain/job/job-definition.ts";
import { type Job, withoutParams } from "../../domain/job/job.ts";
import type { LastRun } from "../../domain/run/run.ts";
import { toRun } from "../../domain/run/run-record.ts";
import { isLastRun } from "../../domain/job/stored-job.ts";
import { readOutput } from "../../domain/run/stored-run.ts";
import { statusOrder, type StatusChange } from "../../domain/job/status-change.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Fire } from "../../domain/fire/fire.ts";
import type { Settlement } from "../../ports/runs/run-claims.ts";
import type { Store } from "../../ports/store/store.ts";
import type { OnUnreadable } from "../../ports/unreadable.ts";
import { mapReadable, pageReadable } from "../../runtime/batch/map-readable.ts";
import { readEnough } from "../../runtime/batch/read-enough.ts";
import { createHeldClaims, type HeldClaims } from "../../runtime/held-claims.ts";
import { systemClock } from "../system/clock.ts";
import { sha256 } from "../system/digest.ts";
import { holdClaimed, toClaim, toClaimOutcome, toFireCall, toSettleOutcome } from "./calls.ts";
import { readDueRun, type DueRunRow } from "./runs/due-run-rows.ts";
import { type DefinedJobRow, toDefinedJob, toJob } from "./jobs/job-rows.ts";
import type { StatusCall } from "./jobs/job-status.ts";
import { type RunRow, toStoredRun } from "./runs/run-rows.ts";
import type { ThreadPorts } from "./ports.ts";
import type { JobPlace, ReadJob } from "./reads/job-reads.ts";
import { openReads, type Reads } from "./reads/reads.ts";
import { startThread, type ThreadLink } from "./thread/thread-link.ts";

export interface SqliteStoreOptions {
  /** Path of the file, which is created if it is missing. */
  readonly file: string;
  /** SHA-256; the system's by default. The store's thread has its own. */
  readonly digest?: Digest;
  /** The store's own time. The system's by default. */
  readonly clock?: Clock;
  /** Called once, when the store's thread has ended and every further call is refused. */
  readonly onLost?: (fault: AppError) => void;
  readonly onUnreadable?: OnUnreadable;
  /** Most pages of 4 KiB the file may grow to; unlimited by default. */
  readonly pagesMax?: number;
}

/**
 * A store in one SQLite file. One connection, in a thread of its own, performs all calls that arrived meanwhile in one transaction. Reads for users
 * go through a second connection here, and wait for no write. One process at a time: see `lockDataFolder`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, onLost = () => {}, onUnreadable = () => {}, pagesMax } = options;
  const thread = await startThread({ file, pagesMax: pagesMax ?? null }, { onLost, onUnreadable });
  try {
    return storeOver(thread, options);
  } catch (fault) {
    await thread.close();
    throw fault;
  }
}

/** The state that the ports of one store share outside its thread: the thread answers in rows, which are parsed here. */
interface Link {
  readonly thread: ThreadLink;
  readonly reads: Reads;
  readonly held: HeldClaims;
  readonly digest: Digest;
  readonly clock: Clock;
  readonly onUnreadable: OnUnreadable;
}

export function storeOver(
  thread: ThreadLink,
  { file, digest = sha256, clock = systemClock, onUnreadable = () => {} }: SqliteStoreOptions,
): Store {
  const reads = openReads(file);
  const link: Link = { thread, reads, held: createHeldClaims(), digest, clock, onUnreadable };
  const { call } = thread;
  return {
    ...jobPorts(link),
    ...runPorts(link),
    ...claimPorts(link),
    outbox: forward(thread, "outbox", "unsent", "sent"),
    requests: forward(thread, "requests", "bind"),
    control: forward(thread, "control", "cancel", "cancelOpen", "cancelRunning"),
    deferred: forward(thread, "deferred", "queues", "resume", "waiting"),
    leases: forward(thread, "leases", "ending", "rescue"),
    announcements: forward(thread, "announcements", "unannounced", "announced"),
    status: {
      ...forward(thread, "status", "standing", "settledSince", "watermark", "advance", "rewind"),
      apply: (changes) => call("status", "apply", changes.map(toStatusCall)),
    },
    retention: forward(thread, "retention", "sweep", "forgotten"),
    handlers: forward(thread, "handlers", "publish", "list"),
    leaders: { ...forward(thread, "leaders", "release"), take: (lease) => call("leaders", "take", { ...lease, now: clock.now() }) },
    decided: forward(thread, "decided", "latest", "note"),
    async ping() {
      await call("health", "ping");
      return { now: clock.now() };
    },
    refusal: thread.refusing,
    async close() {
      reads.close();
      await thread.close();
    },
  };
}

/** Methods of a port whose calls are sent to the thread unchanged. */
const forward = <Port extends keyof ThreadPorts & keyof Store, Method extends keyof ThreadPorts[Port] & keyof Store[Port] & string>(
  { call }: ThreadLink,
  port: Port,
  ...methods: readonly Method[]
): Pick<Store[Port], Method> =>
  Object.fromEntries(methods.map((method) => [method, (...values: never[]) => call(port, method, ...(values as never))])) as Pick<
    Store[Port],
    Method
  >;

const toStatusCall = ({ tenantId, jobUid, lastRun }: StatusChange): StatusCall => ({
  tenantId,
  jobUid,
  status: lastRun.state,
  order: statusOrder(lastRun),
  lastRun: JSON.stringify(lastRun),
});

const asJobs = (onUnreadable: OnUnreadable) =>
  ({ kind: "job", idOf: ({ id }: DefinedJobRow) => String(id), map: toDefinedJob, onUnreadable }) as const;
const toReadJob = ({ row, defined }: ReadJob): Job => toJob(row, defined);
const asReadJobs = (onUnreadable: OnUnreadable) =>
  ({ kind: "job", idOf: ({ row }: ReadJob) => String(row.id), map: toReadJob, onUnreadable }) as const;
const asRuns = (onUnreadable: OnUnreadable) =>
  ({ kind: "run", idOf: ({ runId }: RunRow) => String(runId), map: (row: RunRow) => toRun(toStoredRun(row)), onUnreadable }) as const;
const asDueRuns = (onUnreadable: OnUnreadable) =>
  ({ kind: "run", idOf: ({ runId }: DueRunRow) => String(runId), map: readDueRun, onUnreadable }) as const;

function jobPorts({ thread: { call }, reads, held, digest, onUnreadable }: Link): Pick<Store, "jobs" | "dueJobs"> {
  const [how, read] = [asJobs(onUnreadable), asReadJobs(onUnreadable)];
  return {
    jobs: {
      async create(tenantId, request) {
        const { kind, row } = await call("jobs", "create", tenantId, request);
        return { kind, job: row === null ? request.job : toDefinedJob(row) };
      },
      async get(tenantId, jobId) {
        const read = await reads.ask("get job", ({ jobs }) => jobs.get(tenantId, jobId));
        return read === null ? null : toReadJob(read);
      },
      async list(tenantId, query) {
        const { limit, cursor, params = true } = query;
        const start = cursor === null ? null : parseCursor(cursor);
        const rows = await reads.collect<ReadJob, JobPlace>(limit + 1, ({ jobs }, after) => jobs.list(tenantId, query, after ?? start));
        const [part, last] = [rows.slice(0, limit), rows[limit - 1]];
        const nextCursor = rows.length > limit && last !== undefined ? `${last.row.createdAt}.${last.row.uid}` : null;
        return pageReadable(part, params ? read : { ...read, map: (job: ReadJob) => withoutParams(toReadJob(job)) }, nextCursor);
      },
      async change(tenantId, change) {
        const row = await call("jobs", "change", tenantId, change);
        return row === null ? { kind: "stale" } : { kind: "changed", job: toDefinedJob(row) };
      },
      async addDefinition(tenantId, { jobUid, definition }) {
        const hash = definitionHash(digest, definition);
        await call("jobs", "addDefinition", tenantId, { jobUid, hash, definition });
        return hash;
      },
    },
    dueJobs: {
      upcoming: (query) =>
        readEnough(query.limit, async (limit) => {
          const rows = await call("dueJobs", "upcoming", { ...query, limit });
          return { items: mapReadable(rows, how), met: rows.length };
        }),
      read: async (jobUids) => mapReadable(await call("dueJobs", "read", jobUids), how),
      async fire(request) {
        const { fires, ...rest } = request;
        const outcomes = await call("dueJobs", "fire", { ...rest, fires: fires.map((fire) => toFireCall(fire, digest)) });
        for (const [index, outcome] of outcomes.entries()) holdClaimed(held, request, { fire: fires[index] as Fire, outcome });
        return { outcomes, leaseMs: null };
      },
      // A fire and its runs are one transaction, so there is never a partial fire to complete.
      repair: () => Promise.resolve(0),
    },
  };
}

function parseCursor(cursor: string): JobPlace {
  const dot = cursor.indexOf(".");
  return { createdAt: Number(cursor.slice(0, dot)), uid: cursor.slice(dot + 1) };
}

function runPorts({ thread, reads, onUnreadable }: Link): Pick<Store, "runs" | "dueRuns"> {
  const { call } = thread;
  const [how, due] = [asRuns(onUnreadable), asDueRuns(onUnreadable)];
  return {
    runs: {
      async get(tenantId, runId) {
        const row = await reads.ask("get run", ({ runs }) => runs.get(tenantId, runId));
        return row === null ? null : how.map(row);
      },
      async list(tenantId, query) {
        const rows = await reads.collect<RunRow, string>(query.limit + 1, ({ runs }, below) => runs.list(tenantId, query, below));
        const part = rows.slice(0, query.limit);
        return pageReadable(part, how, rows.length > part.length ? (part.at(-1)?.runId ?? null) : null);
      },
      params: async (tenantId, runIds) => new Map(await reads.ask("params of runs", ({ runs }) => runs.params(tenantId, runIds))),
      origin: (tenantId, runId) => reads.ask("origin of run", ({ runs }) => runs.origin(tenantId, runId)),
    },
    dueRuns: {
      publishable: (query) =>
        readEnough(query.limit, async (limit) => {
          const rows = await call("dueRuns", "publishable", { ...query, limit });
          return { items: mapReadable(rows, due), met: rows.length };
        }),
      ...forward(thread, "dueRuns", "queues", "published", "unclaimed", "unclaimedRescued", "wake", "closeWaiting", "resetWaits"),
    },
  };
}

function claimPorts({ thread, held, digest, onUnreadable }: Link): Pick<Store, "claims"> {
  const { call } = thread;
  return {
    claims: {
      read: async (runIds) => mapReadable(await call("claims", "read", runIds), asDueRuns(onUnreadable)),
      ...forward(thread, "claims", "holders", "heartbeat", "defer"),
      async lastRuns(jobUids) {
        const rows = await call("claims", "lastRuns", jobUids);
        const read = rows.map(({ uid, lastRun }) => [uid, readOutput(lastRun).output as unknown] as const);
        return new Map(read.filter((entry): entry is readonly [string, LastRun] => isLastRun(entry[1])));
      },
      async claim(request) {
        const rows = await call("claims", "claim", { ...request, runs: request.runs.map((run) => toClaim(run, request, digest)) });
        return rows.map((row, index) => {
          const outcome = toClaimOutcome(row, request.runs[index] as DueRun, request);
          if (outcome.kind === "won") held.add(outcome.claim);
          return outcome;
        });
      },
      async settle({ settlements, now }) {
        const claims = settlements.map(({ runId, token }) => held.get(runId, token));
        const calls = settlements.map((settlement, index) => ({ ...settlement, isHeld: claims[index] !== undefined }));
        const rows = await call("claims", "settle", { settlements: calls, now });
        for (const { runId } of settlements) held.delete(runId);
        return rows.map((row, index) => toSettleOutcome(row, settlements[index] as Settlement, claims[index]));
      },
    },
  };
}
