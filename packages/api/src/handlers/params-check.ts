import type { JsonObject } from "@tickline/shared/domain/json";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";
import type { HandlerDescription } from "@tickline/shared/ports/handler-registry";
import type { Logger } from "@tickline/shared/runtime/logger";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Fault } from "../http/problem.ts";
import { pointerOf } from "../http/schema-faults.ts";

/** What is wrong with params, with pointers from the job's body: `/params/url`. */
export type ParamsCheck = (handler: HandlerDescription, params: JsonObject) => readonly Fault[];

/** Compiled schemas kept; a changed schema is another text, so an entry never goes stale. */
const COMPILED_MAX = 200;

type Compiled = { readonly validate: ValidateFunction | null };

export function createParamsCheck(log: Logger): ParamsCheck {
  const compiled = boundedCache<string, Compiled>(COMPILED_MAX);

  function compile(handler: HandlerDescription): Compiled {
    // An instance for each schema: ids of one handler's schema cannot clash with those of another.
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false, logger: false });
    formats.default(ajv);
    try {
      return { validate: ajv.compile(handler.paramsSchema) };
    } catch (fault) {
      // Not the client's fault: the executor parses params once more, and says what is wrong in the run.
      log.warn({ err: fault, handler: handler.type }, "the schema of a handler cannot be compiled; its params go unchecked");
      return { validate: null };
    }
  }
  return (handler, params) => {
    const text = JSON.stringify(handler.paramsSchema);
    let entry = compiled.get(text);
    if (entry === undefined) compiled.set(text, (entry = compile(handler)));
    const { validate } = entry;
    return validate === null || validate(params) ? [] : (validate.errors ?? []).map(faultOf);
  };
}

function faultOf({ instancePath, keyword, params, message = "is not valid" }: ErrorObject): Fault {
  const named = MISPLACED[keyword];
  const name = named === undefined ? undefined : (params as Record<string, unknown>)[named.param];
  if (named === undefined || typeof name !== "string") return { pointer: `/params${instancePath}`, code: codeOf(keyword), message };
  return { pointer: `/params${instancePath}${pointerOf([name])}`, code: named.code, message: named.message(name) };
}

/** Faults that Ajv reports of the object around the place where they are. */
const MISPLACED: Readonly<Record<string, { readonly param: string; readonly code: string; readonly message: (name: string) => string }>> = {
  required: { param: "missingProperty", code: "required", message: () => "is required" },
  additionalProperties: {
    param: "additionalProperty",
    code: "unknown_field",
    message: (name) => `there is no field ${JSON.stringify(name)} here`,
  },
  unevaluatedProperties: {
    param: "unevaluatedProperty",
    code: "unknown_field",
    message: (name) => `there is no field ${JSON.stringify(name)} here`,
  },
};

/** The codes of our own schemas for the same faults, so that clients need to know one set. */
const CODES: Readonly<Record<string, string>> = {
  type: "invalid_type",
  enum: "invalid_value",
  const: "invalid_value",
  minimum: "too_small",
  exclusiveMinimum: "too_small",
  minLength: "too_small",
  minItems: "too_small",
  maximum: "too_big",
  exclusiveMaximum: "too_big",
  maxLength: "too_big",
  maxItems: "too_big",
  format: "invalid_format",
  pattern: "invalid_format",
};
const codeOf = (keyword: string): string => CODES[keyword] ?? "invalid_value";
