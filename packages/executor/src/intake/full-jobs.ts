import { nextBackoffMs } from "@tickline/shared/domain/time/backoff";
import { toAppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { Deferral } from "@tickline/shared/ports/runs/run-claims";
import type { WorkerPool, WorkerUser } from "../claim/worker-pool.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { DueInbox, RefusedRun } from "./due-inbox.ts";
import { readStandingRuns } from "./read-standing-runs.ts";

/** Decides about due runs whose jobs hold as many workers as they may. */
export interface FullJobs {
  /**
   * Holds as many runs of each job as may run. The others are deferred: in the window they would delay other jobs. Resolves with those whose
   * messages the store contradicts.
   */
  holdOrDefer(runs: readonly DueRun[]): Promise<readonly RefusedRun[]>;
  /** To be called when a worker of this job became free. */
  onRelease(user: WorkerUser): void;
}

export interface FullJobsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "config" | "log" | "metrics">;
  readonly inbox: DueInbox;
  readonly pool: WorkerPool;
  /** Called when runs were held. */
  readonly onWaiting: () => void;
}

export function createFullJobs({ context, inbox, pool, onWaiting }: FullJobsOptions): FullJobs {
  const { bus, claims, log } = context;
  const waits = createJobWaits(context, pool);

  async function holdOrDefer(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    // Their batch is acknowledged before they are claimed, so their messages are compared with the store first.
    const { standing, refused } = bus.trusted === true ? { standing: runs, refused: [] } : await readStandingRuns(context, runs);
    const deferred = standing.filter((run) => !inbox.hold(run, pool.jobWorkersMax(run)));
    onWaiting(); // A worker of the job may have become free meanwhile.
    if (deferred.length > 0) await claims.defer({ deferrals: deferred.map((run) => toDeferral(run, waits.next(run))) });
    return refused;
  }
  return {
    async holdOrDefer(runs) {
      try {
        return await holdOrDefer(runs);
      } catch (thrown) {
        const fault = toAppError(thrown, `hold or defer ${runs.length} runs of full jobs, ${runs[0]?.runId} first`);
        log.warn({ err: fault, runs: runs.length }, "runs of full jobs were not deferred: the scheduler publishes them again");
        return [];
      }
    },
    onRelease: waits.reset,
  };
}

const toDeferral = ({ runId, attempt }: DueRun, wakeAt: Instant): Deferral => ({ runId, attempt, reason: "job_workers", wakeAt });

const FULL = "a job holds as many workers as it may, and as many of its runs wait: its other runs are deferred";

/**
 * When deferred runs are published again: all that are deferred during one wait of their job at its end. The next wait is twice as long, unless a
 * worker of the job became free meanwhile: runs of a job that hangs are published more and more rarely, those of a job that works every second.
 */
function createJobWaits({ clock, config, log }: Pick<ExecutorContext, "clock" | "config" | "log">, pool: WorkerPool) {
  const jobs = new Map<string, { readonly waitMs: number; readonly wakeAt: Instant }>();
  return {
    next(run: DueRun): Instant {
      const now = clock.now();
      const { jobUid } = run;
      if (!pool.isJobFull(run)) return now + config.jobWaitMs;
      const last = jobs.get(jobUid);
      if (last !== undefined && now < last.wakeAt && last.wakeAt <= now + last.waitMs) return last.wakeAt;
      const waitMs = nextBackoffMs(last?.waitMs ?? null, config.jobWaitMs, config.jobWaitMsMax);
      jobs.set(jobUid, { waitMs, wakeAt: now + waitMs });
      log.info({ job: run.jobId, queue: run.queue, workers: pool.jobWorkersMax(run), waitMs }, FULL);
      return now + waitMs;
    },
    reset: ({ jobUid }: WorkerUser): void => void jobs.delete(jobUid),
  };
}
