import type { ClaimedRun } from "../domain/due-run.ts";
import type { Claimant } from "./due-jobs.ts";

/** Free workers in the same process: where there are some, a fire claims for them in its own write. */
export interface LocalWorkers {
  /** Reserves one worker for a run of this queue and handler, if one is free that can run it. */
  reserve(queue: string, handler: string): boolean;
  /** Gives back reservations that no claim used. */
  unreserve(count: number): void;
  /** A fresh claimant for one fire. */
  claimant(): Claimant;
  /** Starts runs that a fire claimed, each on a reserved worker. */
  start(claims: readonly ClaimedRun[]): void;
}
