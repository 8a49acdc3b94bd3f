export interface BuiltInFaultOptions {
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
}

/** Why an attempt of a built-in handler failed. The message is shown with the run, and the code becomes `run.error.code`. */
export class BuiltInFault<Code extends string = string> extends Error {
  override readonly name: string = "BuiltInFault";
  readonly code: Code;
  readonly retryable: boolean;

  constructor(code: Code, message: string, { retryable }: BuiltInFaultOptions) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}
