import { runError, type RunError } from "@tickline/shared/domain/run-error";

/** What `run.error.code` may look like: `http_status`, `ECONNREFUSED`, … */
const CODE_PATTERN = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** The code of what was thrown without a usable one. */
const CODE_DEFAULT = "handler_error";

/** What a handler threw, as it is stored. Only `retryable: false` of the thrown thing itself rules out another attempt. */
export function toRunError(thrown: unknown): RunError {
  if (typeof thrown !== "object" || thrown === null) return runError(CODE_DEFAULT, String(thrown), true);
  const { code, message, retryable } = readErrorFields(thrown);
  return runError(
    typeof code === "string" && CODE_PATTERN.test(code) ? code : CODE_DEFAULT,
    typeof message === "string" && message !== "" ? message : nameOf(thrown),
    retryable !== false,
  );
}

/** The least delay before another attempt that what was thrown asks for, in whole milliseconds; null: none. */
export function retryAfterMsOf(thrown: unknown): number | null {
  if (typeof thrown !== "object" || thrown === null) return null;
  const { retryAfterMs } = readErrorFields(thrown);
  return typeof retryAfterMs === "number" && retryAfterMs > 0 ? Math.ceil(retryAfterMs) : null;
}

interface ErrorFields {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly retryable?: unknown;
  readonly retryAfterMs?: unknown;
}

/** User code may throw anything, also objects whose getters throw. */
function readErrorFields(thrown: object): ErrorFields {
  try {
    const { code, message, retryable, retryAfterMs } = thrown as ErrorFields;
    return { code, message, retryable, retryAfterMs };
  } catch (fault) {
    return { message: `an error that cannot be read: ${fault instanceof Error ? fault.name : typeof fault}` };
  }
}

const nameOf = (thrown: object): string => (thrown instanceof Error ? thrown.name : "an object without a message was thrown");
