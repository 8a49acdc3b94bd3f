import { AppError, type ErrorCode } from "../../domain/app-error.ts";

const refusals = new WeakSet<AppError>();

/** The fault of a call that is refused before it has changed anything, in the file or in memory: so nothing is to be mended. */
export function refusal(code: ErrorCode, message: string): AppError {
  const fault = new AppError(code, message);
  refusals.add(fault);
  return fault;
}

export const isRefusal = (fault: AppError): boolean => refusals.has(fault);
