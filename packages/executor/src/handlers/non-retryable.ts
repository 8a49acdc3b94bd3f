/**
 * Thrown by a handler to end its run at once, whatever the job's retry policy says.
 * @public
 */
export class NonRetryable extends Error {
  override readonly name = "NonRetryable";
  /** Read instead of the class, which user code may have loaded from elsewhere. */
  readonly retryable = false;
  /** Stands in `run.error.code`. Default `non_retryable`. */
  readonly code: string;

  constructor(message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? "non_retryable";
  }
}
