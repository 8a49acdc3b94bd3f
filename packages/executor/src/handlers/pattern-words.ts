import type { z } from "zod";

interface Overridden {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/**
 * JSON Schema has patterns and no place for what they mean. The words that a handler's schema has for a text of another form stand beside the pattern,
 * as `errorMessage: { pattern }` (the form of ajv-errors), and the api refuses params in them.
 */
export function withPatternWords({ zodSchema, jsonSchema }: Overridden): void {
  const words = new Map([zodSchema, ...(zodSchema._zod.def.checks ?? [])].flatMap(wordsOf));
  if (words.size === 0) return;
  for (const schema of [jsonSchema, ...(jsonSchema.allOf ?? [])]) {
    const said = schema.pattern === undefined ? undefined : words.get(schema.pattern);
    if (said !== undefined) schema["errorMessage"] = { pattern: said };
  }
}

/** The source of a pattern and what its check says; none where it says nothing of its own. */
function wordsOf({ _zod: { def } }: z.core.$ZodCheck | z.core.$ZodTypes): [string, string][] {
  if (!("pattern" in def) || !(def.pattern instanceof RegExp) || def.error === undefined) return [];
  const words = def.error as z.core.$ZodErrorMap<z.core.$ZodIssueInvalidStringFormat>;
  const said = words({ code: "invalid_format", format: "regex", origin: "string", input: "", path: [], pattern: def.pattern.source });
  const message = typeof said === "string" ? said : said?.message;
  return message === undefined ? [] : [[def.pattern.source, message]];
}
