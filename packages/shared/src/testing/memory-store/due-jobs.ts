import { AppError } from "../../domain/app-error.ts";
import { toRunOrigin } from "../../domain/run/due-run.ts";
import type { Fire } from "../../domain/fire/fire.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Job } from "../../domain/job/job.ts";
import { endRun, startAttempt } from "../../domain/run/run-changes.ts";
import { identifyRun } from "../../domain/run/run.ts";
import { makeRunId } from "../../domain/run/run-id.ts";
import { isInShard } from "../../domain/slot.ts";
import { standInDefinition } from "../../domain/job/stored-definition.ts";
import type { Claimant, DueJobs, FiredRun, FireOutcome, UpcomingQuery } from "../../ports/jobs/due-jobs.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";
import type { StoreFaults } from "./faults.ts";
import { judge } from "./overlap.ts";
import { ascending, knownDefinition, type MemoryState, type PendingFire, readJob, save, type StoredJob, type StoredRun } from "./state.ts";

export function createDueJobs(state: MemoryState, { crashBeforeRuns = () => false }: StoreFaults): DueJobs {
  const { jobs, onUnreadable } = state;
  const readBack = (stored: StoredJob): Job => {
    completeFires(state, stored);
    return readJob(stored);
  };
  const readAll = (found: readonly StoredJob[]): Job[] =>
    mapReadable(found, { kind: "job", idOf: ({ job }) => String(job.uid), map: readBack, onUnreadable });
  return {
    async upcoming(query) {
      const found = [...jobs.values()].filter(({ job }) => isUpcoming(job, query));
      found.sort(({ job: left }, { job: right }) => ascending("nextRunAt", "uid")(left, right));
      return readAll(found.slice(0, query.limit));
    },
    async read(jobUids) {
      return readAll(jobUids.flatMap((uid) => jobs.get(uid) ?? []).filter(({ job }) => job.state !== "deleted"));
    },
    async fire({ fires, now, claimant, claimed }) {
      for (const fire of fires) requireDefinitions(state, fire);
      const won = fires.map((fire) => advance(state, fire, now));
      const outcomes = won.map((wonFire, index): FireOutcome => {
        if (wonFire === null) return { kind: "lost" };
        if (crashBeforeRuns())
          throw new AppError("store_unavailable", `fire job ${wonFire.stored.job.uid}: crashed before its runs`, { retryable: true });
        return { kind: "won", runs: makeRuns(state, wonFire, { claimant: claimed.includes(index) ? claimant : null, now }) };
      });
      return { outcomes, leaseMs: claimant?.leaseMs ?? null };
    },
    async repair({ shard, firedBefore, limit }) {
      const isLeft = ({ job, pending }: StoredJob): boolean =>
        isInShard(job.slot, shard) && pending.some(({ firedAt }) => firedAt < firedBefore);
      const left = [...jobs.values()].filter(isLeft).slice(0, limit);
      for (const stored of left) completeFires(state, stored);
      return left.length;
    },
  };
}

function isUpcoming({ state, nextRunAt, slot, uid }: Job, { shard, until, after }: UpcomingQuery): boolean {
  if (state !== "active" || nextRunAt === null || !isInShard(slot, shard) || (until !== null && nextRunAt > until)) return false;
  return after === null || nextRunAt > after.nextRunAt || (nextRunAt === after.nextRunAt && uid > after.uid);
}

/** A fire of a job that is not deleted must name existing definitions. */
function requireDefinitions({ jobs }: MemoryState, { job: { uid }, entries }: Fire): void {
  const stored = jobs.get(uid);
  if (stored === undefined || stored.job.state === "deleted") return;
  const missing = entries.find(({ definitionHash }) => !stored.definitions.has(definitionHash));
  if (missing !== undefined) throw new AppError("internal", `fire ${uid}: no definition ${missing.definitionHash}`);
}

interface WonFire {
  readonly stored: StoredJob;
  readonly pending: readonly PendingFire[];
  /** Ids of its runs that no earlier fire has made. */
  readonly created: ReadonlySet<string>;
}

/** The compare-and-set: moves the cursor and records the runs to make. Null: another write came first. */
function advance(state: MemoryState, { job: read, advance: cursor, entries }: Fire, now: Instant): WonFire | null {
  const stored = state.jobs.get(read.uid);
  if (stored === undefined) return null;
  const { job } = stored;
  if (job.tenantId !== read.tenantId || job.state === "deleted" || job.version !== read.version) return null;
  if (cursor !== null && (job.nextRunAt !== read.nextRunAt || job.state !== "active")) return null;
  completeFires(state, stored);
  stored.job = { ...job, ...cursor };
  const runId = (entry: Fire["entries"][number]): string => makeRunId(state.digest, { jobUid: job.uid, ...entry });
  stored.pending = entries.map((entry) => ({ runId: runId(entry), entry, jobVersion: job.version, firedAt: now }));
  const { pending } = stored;
  return { stored, pending, created: new Set(pending.map((fire) => fire.runId).filter((id) => !state.runs.has(id))) };
}

/** `claimant`: who claims the first due run of this fire. */
function makeRuns(
  state: MemoryState,
  { stored, pending, created }: WonFire,
  { claimant, now }: { readonly claimant: Claimant | null; readonly now: Instant },
): FiredRun[] {
  const firstDue = pending.find(({ entry }) => entry.state === "due")?.runId;
  completeFires(state, stored);
  const find = (runId: string): StoredRun => state.runs.get(runId) as StoredRun;
  if (claimant !== null && firstDue !== undefined && created.has(firstDue)) {
    const verdict = judge(state, find(firstDue));
    // A run that has to wait is not changed here: the next claim makes it wait.
    if (verdict.kind === "skip") save(state, endRun(find(firstDue), { state: "skipped", reason: verdict.reason, now }));
    if (verdict.kind === "start") save(state, startAttempt(find(firstDue), { ...claimant, leaseEndsAt: now + claimant.leaseMs, now }));
  }
  return pending.map(({ runId }) => {
    const { state: runState, reason } = find(runId);
    return { runId, state: runState, reason, created: created.has(runId), claimed: created.has(runId) && runState === "running" };
  });
}

/** Makes the runs that are pending in a job. Every method that reads a job to write it does this first, so that a fire that crashed half-way is completed. */
export function completeFires(state: MemoryState, stored: StoredJob): void {
  for (const fire of stored.pending) if (!state.runs.has(fire.runId)) save(state, newRun(stored, fire));
  stored.pending = [];
}

const UNCLAIMED = { token: null, executor: null, leaseMs: null, leaseEndsAt: null, startedAt: null, firstStartedAt: null } as const;
const NO_WAITS = { wakeAt: null, repeatMs: null, waitMs: null, asideAt: 0 } as const;
const NO_PAST = {
  attempt: 1,
  failures: 0,
  rescues: 0,
  pastAttempts: [],
  cancelRequested: false,
  cancel: null,
  output: null,
  error: null,
} as const;

/** A fire that was won has its run, even if no executor can run it because its definition is missing. */
function newRun({ job, definitions }: StoredJob, { runId, entry, jobVersion, firedAt }: PendingFire): StoredRun {
  const { key: _key, definitionHash, ...born } = entry;
  const definition = definitions.get(definitionHash)?.definition ?? standInDefinition(knownDefinition(job));
  const origin = { ...toRunOrigin(job), jobVersion, definition };
  const { overlap, onUncertain, expireAfterMs } = definition;
  const due = entry.state === "due";
  return {
    ...identifyRun(origin, { runId, ...entry }),
    ...born,
    ...UNCLAIMED,
    ...NO_WAITS,
    ...NO_PAST,
    definitionHash,
    definition,
    slot: job.slot,
    overlap,
    onUncertain,
    firedAt,
    standing: due ? "publishable" : null,
    finishedAt: due ? null : firedAt,
    settledAt: due ? null : firedAt,
    dueAt: due ? firedAt : null,
    expiresAt: due && expireAfterMs !== null ? entry.scheduledFor + expireAfterMs + 1 : null,
    announced: false,
  };
}
