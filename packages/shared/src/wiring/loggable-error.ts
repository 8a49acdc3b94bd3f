import { inspect, types } from "node:util";

/**
 * The thrown value as an error that any log can write. User code may throw any value: undefined, frozen errors, objects
 * that cannot be read. Properties besides message, stack, code and cause are left out, as they may be large or secret.
 */
export function loggableError(thrown: unknown): Error {
  try {
    if (!types.isNativeError(thrown) && !(thrown instanceof Error))
      return new Error(`a value that is no error was thrown: ${inspect(thrown, { customInspect: false, depth: 2 })}`);
    const { message, stack, cause, code } = thrown as Error & { readonly code?: unknown };
    const error = new Error(String(message), cause === undefined ? {} : { cause });
    return Object.assign(error, { stack: String(stack ?? message), ...(typeof code === "string" ? { code } : {}) });
  } catch {
    return new Error("something was thrown that cannot be read");
  }
}
