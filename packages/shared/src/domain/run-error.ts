/** Why an attempt failed, as stored and shown. `retryable` is the handler's word; the retry policy decides. */
export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** Longest stored message of an error, in characters; the rest is cut. */
export const ERROR_MESSAGE_MAX = 2_000;
/** Longest stored code of an error, in characters. */
export const ERROR_CODE_MAX = 64;

export const runError = (code: string, message: string, retryable: boolean): RunError => ({
  code: code.slice(0, ERROR_CODE_MAX),
  message: message.length > ERROR_MESSAGE_MAX ? `${message.slice(0, ERROR_MESSAGE_MAX - 1)}…` : message,
  retryable,
});
