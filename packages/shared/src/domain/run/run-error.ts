import { z } from "zod";

/** Why an attempt failed, as stored and shown. `retryable` is set by the handler; the retry policy decides. */
export const RunErrorSchema = z.object({ code: z.string(), message: z.string(), retryable: z.boolean() });
export type RunError = Readonly<z.output<typeof RunErrorSchema>>;
/** The same as a field of an event. */
export const RunErrorField = RunErrorSchema.meta({ title: "RunError" });

/** The error of an attempt in its history. */
export interface AttemptError extends RunError {
  /** The stack of an error of a custom handler. Stored with the attempt only: events, lists and the error of the run have none. */
  readonly stack?: string;
}

/** Longest stored message of an error, in characters; the rest is cut. */
export const ERROR_MESSAGE_MAX = 2_000;
/** Longest stored code of an error, in characters. */
export const ERROR_CODE_MAX = 64;
/** Longest stored stack of an attempt, in characters; the rest is cut. Every open run is in memory, with up to 20 attempts. */
export const ERROR_STACK_MAX = 2_000;

export const runError = (code: string, message: string, retryable: boolean): RunError => ({
  code: code.slice(0, ERROR_CODE_MAX),
  message: cutTo(ERROR_MESSAGE_MAX, message),
  retryable,
});

/** `stack` absent or null: there is none. */
export const attemptError = (error: RunError, stack: string | null | undefined): AttemptError =>
  stack === null || stack === undefined ? error : { ...error, stack: cutTo(ERROR_STACK_MAX, stack) };

/** A function, not a constant: the schemas below are made while this file is loaded. */
export function cutTo(lengthMax: number, text: string): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text;
}

/** The error of an attempt that was asked to end because of its `timeoutMs`. */
export const attemptTimedOut = ({ timeoutMs }: { readonly timeoutMs: number }): RunError =>
  runError("timeout", `the attempt ran longer than ${timeoutMs} ms`, true);

/** The error of an attempt whose work is done and whose output is too long to be kept. Another attempt would return the same. */
export const outputTooLarge = (bytes: number, bytesMax: number): RunError =>
  runError("output_too_large", `the output has ${bytes} bytes of JSON, at most ${bytesMax} are kept`, false);

/** The error of a run that was started, had no failed attempt, and waited too long for its next one. */
export const WAITED_TOO_LONG = runError(
  "waited_too_long",
  "the run had been started, and no executor took its next attempt in time: it is not started again",
  false,
);
