/** Longest reason kept, in characters: stored data may contain anything. */
const REASON_LENGTH_MAX = 300;

/** The result of an evaluation of stored data: a value, or why this process has none. */
export type Evaluated<Value> =
  | { readonly kind: "evaluated"; readonly value: Value }
  | { readonly kind: "not_evaluated"; readonly reason: string };

/**
 * Evaluates stored data. Another version may have written it, or this process may lack the data that
 * another has (a time zone), so a failure is an outcome and no fault of the caller.
 */
export function evaluate<Value>(work: () => Value): Evaluated<Value> {
  try {
    return { kind: "evaluated", value: work() };
  } catch (fault) {
    return { kind: "not_evaluated", reason: toReason(fault) };
  }
}

export function toReason(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault);
  return text.length > REASON_LENGTH_MAX ? `${text.slice(0, REASON_LENGTH_MAX - 1)}…` : text;
}
