import { AppError, toAppError } from "../../domain/app-error.ts";

/**
 * Error types, in kafkajs's names of Kafka's codes, by which a broker refuses the message itself: a repeat is refused again. All others
 * are faults of the broker, of a missing permission or of the network, and may pass.
 */
const REFUSED_TYPES: ReadonlySet<unknown> = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/** Any fault of the broker or on the way to it, as the port names it; `retryable` unless it is the message that is refused. */
export function busFault(deed: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("bus_unavailable", toAppError(cause, deed).message, { retryable: !isRefused(cause), cause });
}

/** Waits before a broker is asked again. */
export const BROKER_BACKOFF = { firstMs: 50, maxMs: 5_000 } as const;

export const closedFault = (deed: string): AppError => new AppError("bus_unavailable", `${deed}: the bus is closed`, { retryable: true });

/** A fault that was tried several times stands in the one that says so. */
function isRefused(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false;
  return ("type" in fault && REFUSED_TYPES.has(fault.type)) || isRefused(fault.cause);
}
