import type { ClaimedRun, DueRun } from "../../domain/run/due-run.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Reason } from "../../domain/run/reason.ts";
import type { LastRun } from "../../domain/run/run.ts";
import type { RunState } from "../../domain/run/run-state.ts";
import type { AttemptResult, EndedRun } from "../../domain/run/settlement.ts";
import type { Claimant } from "../jobs/due-jobs.ts";

/**
 * - `won`: the caller runs it.
 * - `lost`: another executor has it, it has ended, or it was fired before `firedAfter`: acknowledge and drop.
 * - `skipped`: the overlap policy of its job has closed it (`judgeOverlap`).
 * - `waiting`: it stays `due` and holds nothing until another run of its job ends, which makes it publishable. That other run is
 *   `cancelRequested`, where the policy asked it to end; the claim has set its flag. `superseded` runs were closed by the same policy.
 * - `refused`: the message contradicts the stored run, so no executor may run it.
 */
export type ClaimOutcome =
  | { readonly kind: "won"; readonly claim: ClaimedRun }
  | { readonly kind: "lost" }
  | { readonly kind: "skipped"; readonly run: EndedRun }
  | { readonly kind: "waiting"; readonly cancelRequested: string | null; readonly superseded: readonly EndedRun[] }
  | { readonly kind: "refused"; readonly reason: string };

export interface ClaimRequest {
  readonly runs: readonly DueRun[];
  readonly claimant: Claimant;
  readonly now: Instant;
  /** Runs that never started and were fired before this are not won: a process that was suspended for days must not run old messages. */
  readonly firedAfter: Instant;
  /** True: only this process can have published these runs (`Bus.trusted`), and a store need not compare them with its rows. Default false. */
  readonly trusted?: boolean;
}

export interface HeldLease {
  readonly runId: string;
  readonly token: string;
}

/** Of the given leases, those that are still held (now renewed), and those whose run has a cancel request. */
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

/**
 * `stale`: the token no longer holds a lease, and the result was refused. `ready`: the queue of a run that waited for this one to end
 * and is publishable now, of several runs the youngest; absent: none waited.
 */
export type SettleOutcome =
  | { readonly kind: "ended"; readonly run: EndedRun; readonly ready?: string }
  | { readonly kind: "retrying"; readonly retryAt: Instant; readonly ready?: string }
  | { readonly kind: "released"; readonly ready?: string }
  | { readonly kind: "stale" };

export interface Deferral {
  readonly runId: string;
  readonly attempt: number;
  readonly reason: Reason;
  /** When the run is publishable again; null: at no time. It is ignored with `unknown_handler`: see `DeferredRuns`. */
  readonly wakeAt: Instant | null;
}

/** The state of an open run and the holder of its attempt. */
export interface AttemptHolder {
  readonly runId: string;
  readonly attempt: number;
  readonly state: Extract<RunState, "due" | "running" | "retrying">;
  /** The executor that runs the attempt; null: none at present. */
  readonly executor: string | null;
}

/**
 * The right to run attempts. Every method takes a batch and answers in its order; repeating any of them is safe: the
 * token (and, to claim, the attempt) is the key. Nothing here creates a run.
 */
export interface RunClaims {
  /**
   * The runs of these ids that have not ended, as they are now and with what an executor needs, in any order: for callers
   * that have only the id of a run. Those unknown, ended or not readable are left out. Reading changes nothing.
   */
  read(runIds: readonly string[]): Promise<readonly DueRun[]>;
  /** The holders of the runs of these ids that have not ended, in any order. Those unknown or ended are left out. Reading changes nothing. */
  holders(runIds: readonly string[]): Promise<readonly AttemptHolder[]>;
  /**
   * The latest run of each of these jobs that started or ended, by the job's uid, as its status shows it. A handler receives this one, not
   * that of a message. Unknown jobs, and jobs without such a run, are left out.
   */
  lastRuns(jobUids: readonly string[]): Promise<ReadonlyMap<string, LastRun>>;
  /**
   * `due` with an equal attempt and no cancel flag becomes `running`, if the message agrees with the store and its
   * overlap policy lets it start: of the runs of an exclusive job one is `running` at a time, and those that are due start in the order
   * of their ids. Never an upsert. A repeat under the same token, after a lost answer, answers `won` again, so a token
   * is for one claim. A run that occurs twice in a batch is won once.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimOutcome[]>;
  heartbeat(request: { readonly leases: readonly HeldLease[]; readonly leaseMs: number; readonly now: Instant }): Promise<HeartbeatResult>;
  /**
   * Compare-and-set on (runId, token). With a cancel flag, `retry` and `released` close as `cancelled`. Repeating a
   * settlement that was applied gets the same answer again (`ended`, …), even if the first answer was lost.
   */
  settle(request: { readonly settlements: readonly Settlement[]; readonly now: Instant }): Promise<readonly SettleOutcome[]>;
  /** Defers `due` runs, which leave the window of published runs: the executor that received them cannot run them. */
  defer(request: { readonly deferrals: readonly Deferral[] }): Promise<void>;
}
