import type { ClaimedRun } from "../domain/due-run.ts";
import type { Claimant } from "./due-jobs.ts";

/** Free workers in the same process: where there are some, a fire claims for them in its own write. */
export interface LocalWorkers {
  /** Reserves one worker for a run of this queue and handler, if one is free that can run it. */
  reserve(queue: string, handler: string): boolean;
  /** Workers free and not reserved. */
  free(): number;
  /** Gives back reservations that no claim used. */
  unreserve(count: number): void;
  /** True when a worker here could run it, free or not, and workers have kept getting free of late: worth waiting for. */
  freeSoon(queue: string, handler: string): boolean;
  /** Calls back, at the next turn, once some worker is free again. One listener, called once. */
  onceFree(listener: () => void): void;
  /** A fresh claimant for one fire. */
  claimant(): Claimant;
  /** Starts runs that a fire claimed, each on a reserved worker. */
  start(claims: readonly ClaimedRun[]): void;
}
