/** Longest stack that is logged, in characters; the rest is cut. */
export const STACK_CHARS_MAX = 8_000;
/** Causes of an error whose stacks are logged with its own. */
const CAUSES_MAX = 3;

/** Where code of a handler threw, with its causes, for the log. Null: what was thrown has no stack, or cannot be read. */
export function thrownStack(thrown: unknown): string | null {
  try {
    const stacks: string[] = [];
    for (let error = thrown; hasStack(error) && stacks.length <= CAUSES_MAX; error = error.cause) stacks.push(error.stack);
    const all = stacks.join("\ncaused by: ");
    if (all === "") return null;
    return all.length > STACK_CHARS_MAX ? `${all.slice(0, STACK_CHARS_MAX - 1)}…` : all;
  } catch {
    return null; // User code may throw anything, also objects whose getters throw.
  }
}

const hasStack = (value: unknown): value is { readonly stack: string; readonly cause?: unknown } =>
  typeof value === "object" && value !== null && typeof (value as { readonly stack?: unknown }).stack === "string";
