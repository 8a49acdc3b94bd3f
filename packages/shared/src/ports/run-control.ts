import type { EndedRun } from "../domain/settlement.ts";
import type { Instant } from "../domain/instant.ts";

/** `cancelled`: it had not started, and has ended now. `requested`: its executor will be told. `ended`: too late. */
export type CancelOutcome =
  | { readonly kind: "cancelled"; readonly run: EndedRun }
  | { readonly kind: "requested" }
  | { readonly kind: "ended" }
  | { readonly kind: "unknown" };

export interface CancelOpenRequest {
  readonly jobUid: string;
  /** Default `job_deleted`. */
  readonly reason?: "job_deleted" | "job_edited";
  /** Runs of this queue and handler are left as they are; absent: none is. */
  readonly keeping?: { readonly queue: string; readonly handler: string };
  readonly now: Instant;
  readonly limit: number;
}

/** What people do to runs. Cancelling is a compare-and-set like everything else: racing a claim, one of the two wins. */
export interface RunControl {
  cancel(tenantId: string, request: { readonly runId: string; readonly now: Instant }): Promise<CancelOutcome>;
  /** Cancels `due` and `retrying` runs of a job, oldest first, at most `limit`; call until fewer than `limit` come back. With `keeping` the runs of the job that wait go on as after any end. */
  cancelOpen(tenantId: string, request: CancelOpenRequest): Promise<EndedRun[]>;
  /**
   * Asks the runs of a job that are in progress to end, at most `limit`: sets the flag of those that have none. Returns their ids; call until
   * fewer than `limit` come back.
   */
  cancelRunning(tenantId: string, request: { readonly jobUid: string; readonly limit: number }): Promise<readonly string[]>;
}
