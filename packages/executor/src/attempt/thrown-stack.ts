import { cutTo, ERROR_STACK_MAX } from "@tickline/shared/domain/run-error";

/** Longest stack that is logged, in characters; the rest is cut. */
export const STACK_CHARS_MAX = 8_000;
/** As much of each message as a kept stack shows, in characters. */
const KEPT_MESSAGE_MAX = 300;
/** Causes of an error whose stacks are logged with its own. */
const CAUSES_MAX = 3;

/** Where code of a handler threw, with its causes, for the log. Null: what was thrown has no stack, or cannot be read. */
export const thrownStack = (thrown: unknown): string | null => stackOf(thrown, { messageMax: Infinity, charsMax: STACK_CHARS_MAX });

/** The same for the history of the attempt, which has the message besides: so that a long one leaves room for the places. */
export const keptStack = (thrown: unknown): string | null => stackOf(thrown, { messageMax: KEPT_MESSAGE_MAX, charsMax: ERROR_STACK_MAX });

function stackOf(thrown: unknown, { messageMax, charsMax }: { readonly messageMax: number; readonly charsMax: number }): string | null {
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
