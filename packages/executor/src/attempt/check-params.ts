import { z } from "zod";
import type { JsonObject } from "@tickline/shared/domain/json";
import { runError, type RunError } from "@tickline/shared/domain/run-error";
import { toRunError } from "./thrown-error.ts";

export type CheckedParams = { readonly kind: "params"; readonly params: unknown } | { readonly kind: "refused"; readonly error: RunError };

const MAY_WAIT = { async: true } as const;

/**
 * Params as the handler's schema returns them. Checked before every attempt, because the code of a handler may have
 * changed since the job was accepted; what does not fit now fits no better on another attempt.
 *
 * Answers without a promise unless the schema itself has to wait. zod's own two ways do not do that: `safeParse` drops
 * the promises of a schema that turns out to wait, whose rejections then end the process, and `safeParseAsync` always
 * waits, which takes the handler out of its slice.
 */
export function checkParams(schema: z.ZodType, params: JsonObject): CheckedParams | Promise<CheckedParams> {
  try {
    const payload = schema._zod.run({ value: params, issues: [] }, MAY_WAIT);
    return payload instanceof Promise ? payload.then(checked).catch(faultOfSchema) : checked(payload);
  } catch (fault) {
    return faultOfSchema(fault);
  }
}

function checked({ value, issues }: z.core.ParsePayload): CheckedParams {
  if (issues.length === 0) return { kind: "params", params: value };
  const config = z.core.config();
  return refused(z.prettifyError({ issues: issues.map((issue) => z.core.util.finalizeIssue(issue, MAY_WAIT, config)) }));
}

/** A refinement or transform of the handler's author threw. */
const faultOfSchema = (fault: unknown): CheckedParams => refused(toRunError(fault).message);

const refused = (why: string): CheckedParams => ({
  kind: "refused",
  error: runError("bad_params", `the params do not fit the handler: ${why}`, false),
});
