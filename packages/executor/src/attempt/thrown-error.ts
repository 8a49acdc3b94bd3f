import { cutTo, ERROR_STACK_MAX, runError, type RunError } from "@tickline/shared/domain/run/run-error";

/** What `run.error.code` may look like: `http_status`, `ECONNREFUSED`, … */
const CODE_PATTERN = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** The code of what was thrown without a usable one. */
const CODE_DEFAULT = "handler_error";

/** What a handler threw, as it is stored. Only `retryable: false` of the thrown value itself excludes another attempt. */
export function toRunError(thrown: unknown): RunError {
  if (typeof thrown !== "object" || thrown === null) return runError(CODE_DEFAULT, String(thrown), true);
  const { code, message, retryable } = readErrorFields(thrown);
  return runError(
    typeof code === "string" && CODE_PATTERN.test(code) ? code : CODE_DEFAULT,
    typeof message === "string" && message !== "" ? message : describe(thrown),
    retryable !== false,
  );
}

/** The least delay before another attempt that the thrown value asks for, in whole milliseconds; null: none. */
export function readRetryAfterMs(thrown: unknown): number | null {
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

const describe = (thrown: object): string => (thrown instanceof Error ? thrown.name : "an object without a message was thrown");

/** Longest stack that is logged, in characters; the rest is cut. */
export const STACK_CHARS_MAX = 8_000;
/** The longest part of each message in a stack that is stored, in characters. */
const STORED_MESSAGE_MAX = 300;
/** Causes of an error whose stacks are shown with its own. */
const CAUSES_MAX = 3;

/** Where code of a handler threw, with its causes, for the log. Null: the thrown value has no stack, or it cannot be read. */
export const thrownStack = (thrown: unknown): string | null => joinStacks(thrown, { messageMax: Infinity, charsMax: STACK_CHARS_MAX });

/** The same for the history of the attempt. The message is stored beside it, so it is cut here: a long one would leave no room for the places. */
export const storedStack = (thrown: unknown): string | null =>
  joinStacks(thrown, { messageMax: STORED_MESSAGE_MAX, charsMax: ERROR_STACK_MAX });

function joinStacks(thrown: unknown, { messageMax, charsMax }: { readonly messageMax: number; readonly charsMax: number }): string | null {
  try {
    const stacks: string[] = [];
    for (let error = thrown; hasStack(error) && stacks.length <= CAUSES_MAX; error = error.cause)
      stacks.push(withShortMessage(error, messageMax));
    const all = stacks.join("\ncaused by: ");
    return all === "" ? null : cutTo(charsMax, all);
  } catch {
    return null; // User code may throw anything, also objects whose getters throw.
  }
}

/** A stack begins with the message. */
const withShortMessage = ({ stack, message }: Stacked, messageMax: number): string =>
  typeof message === "string" && message.length > messageMax ? stack.replace(message, () => cutTo(messageMax, message)) : stack;

interface Stacked {
  readonly stack: string;
  readonly message?: unknown;
  readonly cause?: unknown;
}

const hasStack = (value: unknown): value is Stacked =>
  typeof value === "object" && value !== null && typeof (value as { readonly stack?: unknown }).stack === "string";
