import type { ClaimedRun } from "../../domain/run/due-run.ts";
import type { Job } from "../../domain/job/job.ts";
import type { Claimant } from "../jobs/due-jobs.ts";

/** Free workers in the same process: if there are some, a fire claims for them in its own write. */
export interface LocalWorkers {
  /** Reserves one worker for a run of this job, if one is free that can run it. */
  reserve(job: Job): boolean;
  /** Gives back reservations that no claim used. */
  unreserve(jobs: readonly Job[]): void;
  /** Workers that runs of this queue may have now. */
  free(queue: string): number;
  /** The workers that are free now, for a plan: taking from it reserves nothing. */
  room(): WorkerRoom;
  /** True when a worker here could run it, free or not, and workers became free recently: it is worth waiting for one. */
  freeSoon(job: Job): boolean;
  /** Calls back, at the next turn of the event loop, once a worker is free for one of these queues. One listener, called once. */
  onceFree(queues: readonly string[], listener: () => void): void;
  /** A fresh claimant for one fire. */
  claimant(): Claimant;
  /** Starts runs that a fire claimed, each on a reserved worker. */
  start(claims: readonly ClaimedRun[]): void;
}

export interface WorkerRoom {
  /** Takes one worker for a run of this queue and priority; false: none is left for it. */
  take(queue: string, priority: number): boolean;
}
