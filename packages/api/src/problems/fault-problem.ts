import { toAppError, type AppError, type ErrorCode } from "@tickline/shared/domain/app-error";
import { problem, RETRY_AFTER_S, type Problem, type ProblemCode } from "./problem.ts";

/** The problem for each code of an `AppError`. */
const ANSWERS: Readonly<Record<ErrorCode, ProblemCode>> = {
  store_unavailable: "store_unavailable",
  bus_unavailable: "bus_unavailable",
  clock_unsteady: "clock_unsteady",
  store_corrupt: "internal",
  data_folder_locked: "internal",
  bad_config: "internal",
  bad_handler: "internal",
  internal: "internal",
};

/** The problem for a fault. It does not contain the message of the fault, which may have internal details, except for faults of the clock. */
export function toFaultProblem(thrown: unknown, deed: string): { readonly problem: Problem; readonly fault: AppError } {
  const fault = toAppError(thrown, deed);
  // The store has found one damaged row. Faults of its file or server have a cause.
  if (fault.code === "store_corrupt" && fault.cause === undefined)
    return { fault, problem: problem("stored_unreadable", `${fault.message}; other jobs and runs are not affected`) };
  const code = ANSWERS[fault.code];
  if (code === "internal")
    return { fault, problem: problem(code, "this is a fault of the service, not of the request; its log has details") };
  const why = code === "clock_unsteady" ? `${fault.message}: no decision by time until then` : "it is unknown whether anything was written";
  return {
    fault,
    problem: problem(code, `${why}; the same request may succeed later`, {
      headers: { "Retry-After": String(RETRY_AFTER_S) },
    }),
  };
}
