import { AppError } from "../../../domain/app-error.ts";
import type { Fire } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import { runIdOf } from "../../../domain/run-id.ts";
import { isInShard } from "../../../domain/slot.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { Job } from "../../../domain/job.ts";
import type { DueJobs, FiredRun, FireOutcome, FireRequest } from "../../../ports/due-jobs.ts";
import { startWithFire } from "./claim-run.ts";
import type { StoreFaults } from "./faults.ts";
import type { JobRow, PendingFire } from "./job-table.ts";
import { completeFires, readBack } from "./pending-fires.ts";
import { canRead } from "./read-job.ts";
import { take, takeWhile } from "./sorted-index.ts";
import type { MemoryState } from "./state.ts";

export function createDueJobs(state: MemoryState, { crashBeforeRuns = () => false }: StoreFaults): DueJobs {
  const { jobs, onUnreadable } = state;
  const readAll = (rows: readonly JobRow[]): Job[] =>
    mapReadable(rows, { kind: "job", idOf: ({ job }) => String(job.uid), map: (row) => readBack(state, row), onUnreadable });
  return {
    async upcoming({ shard, until, after, limit }) {
      const behind = after === null ? null : { at: after.nextRunAt, id: after.uid };
      const rows = takeWhile(
        jobs.upcoming.ascending(behind),
        ({ job }) => job.nextRunAt !== null && (until === null || job.nextRunAt <= until),
      );
      return readAll(take(rows, limit, (row) => isInShard(row.job.slot, shard) && canRead(row)));
    },
    async read(jobUids) {
      const rows = jobUids.map((uid) => jobs.get(uid)).filter((row) => row !== undefined && row.job.state !== "deleted");
      return readAll(rows as JobRow[]);
    },
    async fire(request) {
      for (const fire of request.fires) requireDefinitions(state, fire);
      const won = request.fires.map((fire) => advance(state, fire, request.now));
      const outcomes = won.map((fired, index): FireOutcome => {
        if (fired === null) return { kind: "lost" };
        if (crashBeforeRuns()) throw crash(fired);
        return { kind: "won", runs: makeRuns(state, fired, request.claimed.includes(index) ? request : null) };
      });
      return { outcomes, leaseMs: request.claimant?.leaseMs ?? null };
    },
    async repair({ shard, firedBefore, limit }) {
      const isLeft = (row: JobRow): boolean => isInShard(row.job.slot, shard) && row.pending.some(({ firedAt }) => firedAt < firedBefore);
      const rows = take(jobs.pending, limit, isLeft);
      for (const row of rows) completeFires(state, row);
      return rows.length;
    },
  };
}

/** A fire that won: its job has advanced, its runs are still to be made. */
interface WonFire {
  readonly row: JobRow;
  readonly pending: readonly PendingFire[];
}

const crash = ({ row }: WonFire): AppError =>
  new AppError("store_unavailable", `fire job ${row.job.uid}: crashed before its runs`, { retryable: true });

/** The compare-and-set: moves the cursor and puts the runs to be made into the job. Null: somebody else came first. */
function advance(state: MemoryState, fire: Fire, now: Instant): WonFire | null {
  const row = state.jobs.get(fire.job.uid);
  if (row === undefined || !stands(row, fire)) return null;
  completeFires(state, row);
  row.job = { ...row.job, ...fire.advance };
  const { uid: jobUid, version: jobVersion } = row.job;
  row.pending = fire.entries.map((entry) => ({ runId: runIdOf(state.digest, { jobUid, ...entry }), entry, jobVersion, firedAt: now }));
  state.jobs.save(row);
  return { row, pending: row.pending };
}

/** A fire of a job that lives must name definitions that are there. */
function requireDefinitions({ jobs }: MemoryState, { job: { uid }, entries }: Fire): void {
  const row = jobs.get(uid);
  if (row === undefined || row.job.state === "deleted") return;
  const missing = entries.find(({ definitionHash }) => !row.definitions.has(definitionHash));
  if (missing !== undefined) throw new AppError("internal", `fire ${uid}: no definition ${missing.definitionHash}`);
}

const stands = ({ job }: JobRow, { job: read, advance: cursor }: Fire): boolean =>
  job.tenantId === read.tenantId &&
  job.state !== "deleted" &&
  job.version === read.version &&
  (cursor === null || (job.nextRunAt === read.nextRunAt && job.state === "active"));

/** `claiming`: the request, if it claims the first due run of this fire. */
function makeRuns(state: MemoryState, { row, pending }: WonFire, claiming: FireRequest | null): FiredRun[] {
  const made = completeFires(state, row);
  const firstDue = pending.find(({ entry }) => entry.state === "due")?.runId;
  return pending.map(({ runId }) => {
    const run = state.runs.get(runId);
    if (run === undefined) throw new AppError("store_corrupt", `run ${runId} of a fire that was won is not there`);
    const created = made.includes(runId);
    const mayClaim = runId === firstDue && created && claiming !== null && claiming.claimant !== null;
    const claimed = mayClaim && startWithFire(state, run, { claimant: claiming.claimant, now: claiming.now });
    return { runId, state: run.state, reason: run.reason, created, claimed };
  });
}
