import { nextBackoffMs } from "@tickline/shared/domain/backoff";
import { toAppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { Deferral } from "@tickline/shared/ports/run-claims";
import type { DueInbox } from "./due-inbox.ts";
import type { RefusedRun } from "./due-run-check.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import { standingDueRuns } from "./standing-due-runs.ts";
import type { WorkerPool, WorkerUser } from "./worker-pool.ts";

/** What becomes of due runs whose jobs hold as many workers as they may. */
export interface JobWaits {
  /**
   * As many of each job as may run wait here for a worker of their job. The others leave the window, where they would be in the way of other jobs,
   * and come back after a wait. Resolves with those of which the store refuses what their messages say.
   */
  hold(runs: readonly DueRun[]): Promise<readonly RefusedRun[]>;
  /** A worker of this job became free. */
  freed(user: WorkerUser): void;
}

export interface JobWaitsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "config" | "log" | "metrics">;
  readonly inbox: DueInbox;
  readonly pool: WorkerPool;
  /** Called when runs wait here. */
  readonly onWaiting: () => void;
}

export function createJobWaits({ context, inbox, pool, onWaiting }: JobWaitsOptions): JobWaits {
  const { bus, claims, log } = context;
  const wakes = createJobWakes(context, pool);

  async function hold(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    // Their batch does not wait until they are claimed, so what their messages say is compared before.
    const { standing, refused } = bus.trusted === true ? { standing: runs, refused: [] } : await standingDueRuns(context, runs);
    const beyond = standing.filter((run) => !inbox.hold(run, pool.jobWorkersMax(run)));
    onWaiting(); // A worker of the job may have become free meanwhile.
    if (beyond.length > 0) await claims.defer({ deferrals: beyond.map((run) => deferralOf(run, wakes.next(run))) });
    return refused;
  }
  return {
    async hold(runs) {
      try {
        return await hold(runs);
      } catch (thrown) {
        const fault = toAppError(thrown, `let ${runs.length} runs wait for their job, ${runs[0]?.runId} first`);
        log.warn(
          { err: fault, runs: runs.length },
          "runs that wait for a worker of their job were not put aside: they are published again",
        );
        return [];
      }
    },
    freed: wakes.reset,
  };
}

const FULL = "a job holds as many workers as it may, and as many of its runs wait: others come back later";

const deferralOf = ({ runId, attempt }: DueRun, wakeAt: number): Deferral => ({ runId, attempt, reason: "job_workers", wakeAt });

/**
 * When runs that find no place come back: all that leave within one wait of their job at its end. The next wait is twice as long, unless a worker of
 * the job became free meanwhile: runs of a job that hangs are offered ever more rarely, those of one that works on every second.
 */
function createJobWakes({ clock, config, log }: Pick<ExecutorContext, "clock" | "config" | "log">, pool: WorkerPool) {
  const jobs = new Map<string, { readonly waitMs: number; readonly wakeAt: number }>();
  return {
    next(run: DueRun): number {
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
