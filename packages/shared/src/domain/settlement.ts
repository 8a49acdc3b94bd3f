import type { Instant } from "./instant.ts";
import type { JsonValue } from "./json.ts";
import type { RunError } from "./run-error.ts";
import type { RunCause } from "./run.ts";
import type { RunState } from "./run-state.ts";
import type { Reason } from "./reason.ts";

/** Largest output of a handler, in bytes of JSON. */
export const OUTPUT_BYTES_MAX = 65_536;

/** What one attempt came to, as its executor settles it. `stack`: for the history of the attempt, see `AttemptError`. */
export type AttemptResult =
  | { readonly kind: "succeeded"; readonly output: JsonValue }
  | { readonly kind: "failed"; readonly error: RunError; readonly stack?: string | null }
  | { readonly kind: "cancelled" }
  /** Failed, and the policy gives another attempt this much later, by the store's clock. */
  | { readonly kind: "retry"; readonly error: RunError; readonly stack?: string | null; readonly retryDelayMs: number }
  /** Given back at shutdown: due again at once, attempt raised, no failure counted. */
  | { readonly kind: "released" };

/** A run that has ended, as `JobCompleted` and `JobSkipped` announce it. */
export interface EndedRun {
  readonly tenantId: string;
  readonly runId: string;
  readonly jobUid: string;
  readonly jobId: string;
  readonly jobVersion: number;
  readonly queue: string;
  readonly handler: string;
  readonly cause: RunCause;
  readonly scheduledFor: Instant;
  readonly count: number;
  readonly scheduledForLast: Instant | null;
  readonly attempt: number;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant;
  readonly output: JsonValue;
  readonly error: RunError | null;
}
