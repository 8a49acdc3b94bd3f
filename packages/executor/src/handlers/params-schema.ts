import { AppError } from "@tickline/shared/domain/app-error";
import type { JsonObject } from "@tickline/shared/domain/json/json";
import { z } from "zod";
import type { Handler } from "./handler.ts";

/** JSON Schema 2020-12 of the params that a job may give. Throws `bad_handler` for a schema that has no JSON Schema. */
export function toParamsSchema({ type, params }: Pick<Handler, "type" | "params">): JsonObject {
  try {
    return z.toJSONSchema(params, { target: "draft-2020-12", io: "input", override: addPatternMessages }) as JsonObject;
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault);
    throw new AppError("bad_handler", `the params of handler ${type} have no JSON Schema: ${why}`, { cause: fault });
  }
}

interface Overridden {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/**
 * JSON Schema has no place for the message of a pattern. The message that the handler's schema has is put beside the pattern, as
 * `errorMessage: { pattern }` (the form of ajv-errors), and the api refuses params with it.
 */
function addPatternMessages({ zodSchema, jsonSchema }: Overridden): void {
  const messages = new Map([zodSchema, ...(zodSchema._zod.def.checks ?? [])].flatMap(readPatternMessage));
  if (messages.size === 0) return;
  for (const schema of [jsonSchema, ...(jsonSchema.allOf ?? [])]) {
    const message = schema.pattern === undefined ? undefined : messages.get(schema.pattern);
    if (message !== undefined) schema["errorMessage"] = { pattern: message };
  }
}

/** The source of a pattern and the message of its check; none where the check has no message of its own. */
function readPatternMessage({ _zod: { def } }: z.core.$ZodCheck | z.core.$ZodTypes): [string, string][] {
  if (!("pattern" in def) || !(def.pattern instanceof RegExp) || def.error === undefined) return [];
  const toMessage = def.error as z.core.$ZodErrorMap<z.core.$ZodIssueInvalidStringFormat>;
  const made = toMessage({ code: "invalid_format", format: "regex", origin: "string", input: "", path: [], pattern: def.pattern.source });
  const message = typeof made === "string" ? made : made?.message;
  return message === undefined ? [] : [[def.pattern.source, message]];
}
