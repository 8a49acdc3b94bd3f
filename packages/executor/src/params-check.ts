import { z } from "zod";
import { runError, type RunError } from "@tickline/shared/domain/run-error";
import type { JsonObject } from "@tickline/shared/domain/json";

export type CheckedParams = { readonly kind: "params"; readonly params: unknown } | { readonly kind: "refused"; readonly error: RunError };

/**
 * Params as the handler's schema returns them. Checked before every attempt, because the code of a handler may have
 * changed since the job was accepted; what does not fit now fits no better on another attempt. Answers without a promise
 * unless the schema itself is asynchronous.
 */
export function checkParams(schema: z.ZodType, params: JsonObject): CheckedParams | Promise<CheckedParams> {
  try {
    return checked(schema.safeParse(params));
  } catch (fault) {
    if (fault instanceof z.core.$ZodAsyncError) return schema.safeParseAsync(params).then(checked, refinementFault);
    return refinementFault(fault);
  }
}

const checked = (result: z.ZodSafeParseResult<unknown>): CheckedParams =>
  result.success ? { kind: "params", params: result.data } : refused(z.prettifyError(result.error));

/** A refinement or transform of the handler's author threw. */
const refinementFault = (fault: unknown): CheckedParams => refused(fault instanceof Error ? fault.message : String(fault));

const refused = (why: string): CheckedParams => ({
  kind: "refused",
  error: runError("bad_params", `the params do not fit the handler: ${why}`, false),
});
