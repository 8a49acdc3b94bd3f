/**
 * Why an attempt was asked to end. `timeout`: it ran longer than `timeoutMs`. `cancelled`: its run was cancelled. `shutdown`: its executor stops.
 * `lease_lost`: another executor may soon run it.
 */
export type AbortCause = "timeout" | "cancelled" | "shutdown" | "lease_lost";

const MESSAGES: Readonly<Record<AbortCause, string>> = {
  timeout: "the attempt ran longer than its timeoutMs",
  cancelled: "the run was cancelled",
  shutdown: "the executor is shutting down",
  lease_lost: "the executor lost its lease of the run",
};

/** The reason of a handler's `signal`. */
export class RunAborted extends Error {
  override readonly name = "AbortError";
  readonly code: AbortCause;

  constructor(code: AbortCause) {
    super(MESSAGES[code]);
    this.code = code;
  }
}
