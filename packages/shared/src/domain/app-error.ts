/**
 * The root of every fault Tickline throws. `code` is stable and machine-readable, `retryable` says whether the same
 * call may succeed later. Expected outcomes (a lost compare-and-set, a run that failed) are values, never errors.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

export type ErrorCode =
  | "store_unavailable" // The store did not answer, or its disk is full: it is unknown whether anything was written.
  | "store_corrupt" // What was read cannot be what was written.
  | "data_folder_locked" // Another process owns the data folder.
  | "bus_unavailable"
  | "clock_unsteady" // The store's clock jumped, or has not been read: nothing may be decided by it at present.
  | "bad_config"
  | "bad_handler" // A handler file that cannot be used; says which and why.
  | "internal";

/** Turns anything thrown into an `AppError`; what is one already passes unchanged. */
export const toAppError = (fault: unknown, deed: string): AppError =>
  fault instanceof AppError
    ? fault
    : new AppError("internal", `${deed}: ${fault instanceof Error ? fault.message : String(fault)}`, { cause: fault });
