import { z } from "zod";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { runError, type RunError } from "@tickline/shared/domain/run/run-error";
import { toRunError } from "./thrown-error.ts";

export type CheckedParams = { readonly kind: "params"; readonly params: unknown } | { readonly kind: "refused"; readonly error: RunError };

const MAY_BE_ASYNC = { async: true } as const;

/**
 * Params as the handler's schema returns them. They are checked before every attempt, because the code of a handler may have changed since the job
 * was accepted. Params that do not fit are not retried: they would not fit another attempt either.
 *
 * Answers without a promise unless the schema is asynchronous. The two functions of zod do not do that: `safeParse` drops the promises of an
 * asynchronous schema, and their rejections would end the process; `safeParseAsync` always waits, so the handler would leave its slice.
 */
export function checkParams(schema: z.ZodType, params: JsonObject): CheckedParams | Promise<CheckedParams> {
  try {
    const payload = schema._zod.run({ value: params, issues: [] }, MAY_BE_ASYNC);
    return payload instanceof Promise ? payload.then(toChecked).catch(refuseSchemaFault) : toChecked(payload);
  } catch (fault) {
    return refuseSchemaFault(fault);
  }
}

function toChecked({ value, issues }: z.core.ParsePayload): CheckedParams {
  if (issues.length === 0) return { kind: "params", params: value };
  const config = z.core.config();
  return refused(z.prettifyError({ issues: issues.map((issue) => z.core.util.finalizeIssue(issue, MAY_BE_ASYNC, config)) }));
}

/** A refinement or transform of the handler's schema threw. */
const refuseSchemaFault = (fault: unknown): CheckedParams => refused(toRunError(fault).message);

const refused = (why: string): CheckedParams => ({
  kind: "refused",
  error: runError("bad_params", `the params do not fit the handler: ${why}`, false),
});
