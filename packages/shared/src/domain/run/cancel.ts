import type { Instant } from "../time/instant.ts";

/** The client of an HTTP request, as far as known without a login. */
export interface Client {
  /** Of the connection: behind a proxy it is the proxy's. */
  readonly address: string | null;
  /** At most `USER_AGENT_LENGTH_MAX` characters. Clients may send any value. */
  readonly userAgent: string | null;
}

/** Characters kept of a `User-Agent` header. */
export const USER_AGENT_LENGTH_MAX = 200;

export const UNKNOWN_CLIENT: Client = { address: null, userAgent: null };

/**
 * The source of a cancel request. `api`: `POST /runs/:id/cancel`. `job_edited`, `job_deleted`: a request that edited or deleted its job.
 * `command`: a `CancelRun` with this CloudEvents source and id. `overlap`: the policy `cancel_running` of its job, for the sake of this run.
 * `executor`: there was no request; a foreign executor reported that it had cancelled the attempt itself.
 */
export type CancelledBy =
  | ({ readonly kind: "api" | "job_edited" | "job_deleted" } & Client)
  | { readonly kind: "command"; readonly source: string; readonly commandId: string }
  | { readonly kind: "overlap"; readonly runId: string }
  | { readonly kind: "executor"; readonly executor: string };

export const CANCEL_KINDS = [
  "api",
  "job_edited",
  "job_deleted",
  "command",
  "overlap",
  "executor",
] as const satisfies readonly CancelledBy["kind"][];

/** The first request to cancel a run; later ones change nothing. A run that ended before its executor received the request has one too. */
export interface RunCancel {
  readonly requestedAt: Instant;
  readonly by: CancelledBy;
}

/** The source of requests without further information. */
export const BY_API: CancelledBy = { kind: "api", ...UNKNOWN_CLIENT };

/** The fields of a run that show who cancelled it. Not `Pick<Run>`: `Run` has a `RunCancel` and so imports this file. */
interface Cancellable {
  readonly cancel: RunCancel | null;
  readonly cancelRequested: boolean;
  readonly state: string;
  readonly finishedAt: Instant | null;
  readonly attempts: readonly { readonly state: string; readonly startedAt: Instant; readonly executor: string }[];
}

/**
 * Who cancelled a run, as its record shows it. Our own executors cancel an attempt only if the store has a request; without
 * one, a foreign executor did so by itself. Null for runs cancelled by a version that did not record who made the request.
 */
export function readCancel({ cancel, cancelRequested, state, finishedAt, attempts }: Cancellable): RunCancel | null {
  const last = attempts.at(-1);
  if (cancel !== null || cancelRequested || state !== "cancelled" || last?.state !== "cancelled") return cancel;
  return { requestedAt: finishedAt ?? last.startedAt, by: { kind: "executor", executor: last.executor } };
}
