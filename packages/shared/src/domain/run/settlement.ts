import type { z } from "zod";
import { InstantSchema } from "../time/instant.ts";
import type { JsonValue } from "../json/json.ts";
import type { RunError } from "./run-error.ts";
import { pickRunIdentity, RunOutcomeSchema, type RunIdentity, type RunOutcome } from "./run.ts";

/** Largest output of a handler, in bytes of JSON. */
export const OUTPUT_BYTES_MAX = 65_536;

/** The outcome of one attempt, as its executor settles it. `stack`: for the history of the attempt, see `AttemptError`. */
export type AttemptResult =
  | { readonly kind: "succeeded"; readonly output: JsonValue }
  | { readonly kind: "failed"; readonly error: RunError; readonly stack?: string | null }
  | { readonly kind: "cancelled" }
  /** Failed, and the policy gives another attempt this much later, by the store's clock. */
  | { readonly kind: "retry"; readonly error: RunError; readonly stack?: string | null; readonly retryDelayMs: number }
  /** Released at shutdown: due again at once, attempt raised, no failure counted. */
  | { readonly kind: "released" };

/** A run that has ended, as `JobCompleted` and `JobSkipped` announce it. It is their data. */
export const EndedRunSchema = RunOutcomeSchema.extend({ finishedAt: InstantSchema });
export type EndedRun = Readonly<z.output<typeof EndedRunSchema>>;

/** The end of a run. Omitted fields have the same value for all runs that ran: only a range covers several instants. */
type RunEnd = Pick<EndedRun, "state" | "startedAt" | "finishedAt"> & Partial<Omit<RunOutcome, keyof RunIdentity>>;

export const makeEndedRun = (run: RunIdentity & Pick<RunOutcome, "attempt">, end: RunEnd): EndedRun => ({
  ...pickRunIdentity(run),
  count: 1,
  scheduledForLast: null,
  attempt: run.attempt,
  reason: null,
  output: null,
  error: null,
  ...end,
});
