import type { ClaimedRun, DueRun } from "../domain/due-run.ts";
import type { Instant } from "../domain/instant.ts";
import type { Reason } from "../domain/reason.ts";
import type { AttemptResult, EndedRun } from "../domain/settlement.ts";
import type { Claimant } from "./due-jobs.ts";

/**
 * `won`: ours to run. `lost`: somebody else has it, or it ended: acknowledge and drop. `skipped`: the claim has
 * closed it: `overlap` if another run of the job was open, `retention` if it was fired before `firedAfter`.
 */
export type ClaimOutcome =
  | { readonly kind: "won"; readonly claim: ClaimedRun }
  | { readonly kind: "lost" }
  | { readonly kind: "skipped"; readonly run: EndedRun };

export interface ClaimRequest {
  readonly runs: readonly DueRun[];
  readonly claimant: Claimant;
  readonly now: Instant;
  /** Runs never started and fired before this are closed instead: what was frozen for days must not come back. */
  readonly firedAfter: Instant;
}

export interface HeldLease {
  readonly runId: string;
  readonly token: string;
}

/** Of the leases named, those that still stand (now renewed), and those whose run somebody wants cancelled. */
export interface HeartbeatResult {
  readonly renewed: readonly string[];
  readonly cancelRequested: readonly string[];
}

export interface Settlement {
  readonly runId: string;
  readonly token: string;
  readonly result: AttemptResult;
  readonly finishedAt: Instant;
}

/** `stale`: the token holds no lease any more, and the result was refused. */
export type SettleOutcome =
  | { readonly kind: "ended"; readonly run: EndedRun }
  | { readonly kind: "retrying"; readonly retryAt: Instant }
  | { readonly kind: "released" }
  | { readonly kind: "stale" };

export interface Deferral {
  readonly runId: string;
  readonly attempt: number;
  readonly reason: Reason;
  /** When the run is publishable again; null: no time makes it so. With `unknown_handler` it counts for nothing: see `DeferredRuns`. */
  readonly wakeAt: Instant | null;
}

/**
 * The right to run attempts. Every method takes a batch and answers in its order; repeating any of them is safe: the
 * token (and, to claim, the attempt) is the key. Nothing here creates a run.
 */
export interface RunClaims {
  /**
   * The runs of these ids that have not ended, as they stand now and with what an executor needs, in any order: for who has
   * no more of a run than its id. Those unknown or ended are left out. Reading changes nothing.
   */
  read(runIds: readonly string[]): Promise<readonly DueRun[]>;
  /**
   * `due` with an equal attempt and no cancel flag becomes `running`. Never an upsert. A repeat under the same token, its
   * answer having been lost, answers `won` again, so a token is for one claim; a run that stands twice in a batch is won once.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimOutcome[]>;
  heartbeat(request: { readonly leases: readonly HeldLease[]; readonly leaseMs: number; readonly now: Instant }): Promise<HeartbeatResult>;
  /**
   * Compare-and-set on (runId, token). With a cancel flag, `retry` and `released` close as `cancelled`. Repeating a
   * settlement that was applied answers as the first time (`ended`, …), also when its answer was lost.
   */
  settle(request: { readonly settlements: readonly Settlement[]; readonly now: Instant }): Promise<readonly SettleOutcome[]>;
  /** Puts `due` runs aside, out of the window: the executor that received them cannot run them. */
  defer(request: { readonly deferrals: readonly Deferral[] }): Promise<void>;
}
