import { AppError, toAppError } from "../../domain/app-error.ts";

/** Any fault of the broker or on the way to it, as the port names it: later it may work. */
export function busFault(deed: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("bus_unavailable", toAppError(cause, deed).message, { retryable: true, cause });
}
export const closedFault = (deed: string): AppError => new AppError("bus_unavailable", `${deed}: the bus is closed`, { retryable: true });
