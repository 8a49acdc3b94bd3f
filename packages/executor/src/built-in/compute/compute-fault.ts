import { BuiltInFault } from "../built-in-fault.ts";

export type ComputeFaultCode =
  | "compute_memory" // The thread needed more memory than it may have.
  | "compute_failed" // The thread ended unexpectedly.
  | "compute_output" // The rows do not fit into the output, and no file was named.
  | "expression_failed" // An expression cannot be read, or threw.
  | "expression_timeout" // Expressions ran too long.
  | "expression_memory"; // The sandbox needed more memory than it may have.

/** Why the rows could not be computed. */
export class ComputeFault extends BuiltInFault<ComputeFaultCode> {
  override readonly name = "ComputeFault";

  constructor(code: ComputeFaultCode, message: string) {
    super(code, message, { retryable: code === "compute_failed" });
  }
}
