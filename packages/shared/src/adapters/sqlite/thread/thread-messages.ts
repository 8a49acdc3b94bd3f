import type { ErrorCode } from "../../../domain/app-error.ts";
import type { UnreadableRow } from "../../../ports/unreadable.ts";
import type { ThreadPorts } from "../ports.ts";

/** What the store's thread is started with. */
export interface ThreadData {
  readonly file: string;
  readonly pagesMax: number | null;
}

/** One call of a method of a port. */
export interface Call {
  readonly id: number;
  readonly port: keyof ThreadPorts;
  readonly method: string;
  readonly values: readonly unknown[];
}

/** An `AppError` as it crosses between threads. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

export type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly fault: Fault };

/** To the thread: all calls of one turn of the event loop, or the request to close. */
export type ToThread = { readonly calls: readonly Call[] } | { readonly close: true };

/**
 * From the thread: that it is ready, or why it is not; then answers, rows that it cannot read, and why writes are refused (null: no longer).
 */
export type FromThread =
  | { readonly ready: true }
  | { readonly failed: Fault }
  | { readonly answers: readonly Answer[] }
  | { readonly unreadable: UnreadableRow }
  | { readonly refusing: string | null };
