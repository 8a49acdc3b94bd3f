import { deeperThan, JSON_DEPTH_MAX, type JsonValue } from "@tickline/shared/domain/json/json";
import { outputTooLarge, runError, type RunError } from "@tickline/shared/domain/run/run-error";
import { OUTPUT_BYTES_MAX } from "@tickline/shared/domain/run/settlement";
import { toRunError } from "./thrown-error.ts";

export type CheckedOutput =
  | { readonly kind: "output"; readonly output: JsonValue }
  | { readonly kind: "refused"; readonly error: RunError };

/** A UTF-16 unit has at most so many bytes of UTF-8: the bytes of shorter texts need not be counted. */
const BYTES_PER_UNIT_MAX = 3;

const NO_OUTPUT: CheckedOutput = { kind: "output", output: null };

/**
 * What a handler returned, after a round trip through JSON: dates are text, undefined members are missing, and it shares nothing with the handler,
 * which could change it. It is refused without a retry: the work is done, and another attempt would return the same.
 */
export function checkOutput(returned: unknown): CheckedOutput {
  if (returned === undefined || returned === null) return NO_OUTPUT;
  const json = toJson(returned);
  if (json.text === undefined) return refused("output_not_json", `what the handler returned cannot be written as JSON: ${json.fault}`);
  const { text } = json;
  if (text.length * BYTES_PER_UNIT_MAX > OUTPUT_BYTES_MAX) {
    const bytes = Buffer.byteLength(text);
    if (bytes > OUTPUT_BYTES_MAX) return { kind: "refused", error: outputTooLarge(bytes, OUTPUT_BYTES_MAX) };
  }
  const output = JSON.parse(text) as JsonValue;
  // Each level takes two characters at least.
  if (text.length > 2 * JSON_DEPTH_MAX && deeperThan(output, JSON_DEPTH_MAX))
    return refused("output_too_deep", `the output is nested deeper than ${JSON_DEPTH_MAX}`);
  return { kind: "output", output };
}

function toJson(value: unknown): { readonly text: string } | { readonly text: undefined; readonly fault: string } {
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined ? { text, fault: `it is a ${typeof value}` } : { text };
  } catch (fault) {
    return { text: undefined, fault: toRunError(fault).message };
  }
}

const refused = (code: string, message: string): CheckedOutput => ({ kind: "refused", error: runError(code, message, false) });
