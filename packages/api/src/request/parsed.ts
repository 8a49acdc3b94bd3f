import type { Fault, Problem } from "../problems/problem.ts";

/** The outcome of parsing input of a client. */
export type Parsed<Value> =
  | { readonly kind: "parsed"; readonly value: Value }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** The outcome of a step that may end with a problem. */
export type Step<Value> = { readonly kind: "ok"; readonly value: Value } | Problem;

export const parsed = <Value>(value: Value): Parsed<Value> => ({ kind: "parsed", value });
export const faults = (...found: readonly Fault[]): { readonly kind: "faults"; readonly faults: readonly Fault[] } => ({
  kind: "faults",
  faults: found,
});
export const ok = <Value>(value: Value): Step<Value> => ({ kind: "ok", value });
