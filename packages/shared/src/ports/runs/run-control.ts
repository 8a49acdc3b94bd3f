import type { CancelledBy, Client } from "../../domain/run/cancel.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import type { Instant } from "../../domain/time/instant.ts";

/** `cancelled`: it had not started, and has ended now. `requested`: its executor will be notified. `ended`: too late. */
export type CancelOutcome =
  | { readonly kind: "cancelled"; readonly run: EndedRun }
  | { readonly kind: "requested" }
  | { readonly kind: "ended" }
  | { readonly kind: "unknown" };

export interface CancelOpenRequest {
  readonly jobUid: string;
  /** Default `job_deleted`. */
  readonly reason?: "job_deleted" | "job_edited";
  /** Who edited or deleted the job. Default: unknown. */
  readonly client?: Client;
  /** Runs of this queue and handler are left as they are; absent: none is. */
  readonly keeping?: { readonly queue: string; readonly handler: string };
  readonly now: Instant;
  readonly limit: number;
}

export interface CancelRequest {
  readonly runId: string;
  readonly now: Instant;
  /** Default: the API, for an unknown client. */
  readonly by?: CancelledBy;
}

/** Of a deleted job. */
export type CancelRunningRequest = Pick<CancelOpenRequest, "jobUid" | "client" | "now" | "limit">;

/** Requests of users about runs. The first request to cancel a run is kept in its `cancel`, whatever its outcome. Cancelling is a compare-and-set: in a race with a claim, one of the two wins. */
export interface RunControl {
  cancel(tenantId: string, request: CancelRequest): Promise<CancelOutcome>;
  /** Cancels `due` and `retrying` runs of a job, oldest first, at most `limit`; call until fewer than `limit` come back. With `keeping`, the waiting runs of the job continue as after any end. */
  cancelOpen(tenantId: string, request: CancelOpenRequest): Promise<EndedRun[]>;
  /**
   * Asks the runs of a job that are in progress to end, at most `limit`: sets the flag of those that have none. Returns their ids; call until
   * fewer than `limit` come back.
   */
  cancelRunning(tenantId: string, request: CancelRunningRequest): Promise<readonly string[]>;
}
