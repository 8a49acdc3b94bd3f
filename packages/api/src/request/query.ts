import { parse } from "node:querystring";
import type { z } from "zod";
import { parsed, type Parsed } from "./parsed.ts";
import type { Fault } from "../problems/problem.ts";
import { quote } from "../problems/quote.ts";
import { toPointer, sayFault, schemaFaults } from "../problems/schema-faults.ts";

export type QuerySchema = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

/** Reads a query string by its schema. Unknown and repeated keys are refused by name. */
export type QueryReader<Schema extends QuerySchema> = (querystring: string) => Parsed<z.output<Schema>>;

/** `repeatable` keys are lists in the schema, with one key for each item. */
export function queryReader<Schema extends QuerySchema>(schema: Schema, repeatable: readonly string[] = []): QueryReader<Schema> {
  const names = Object.keys(schema.shape);
  const lists = new Set(repeatable);
  const none = parsed(schema.parse({})); // Most requests have no query, so they share one result.

  return (querystring) => {
    if (querystring === "") return none;
    const found: Fault[] = [];
    const given = parse(querystring, "&", "=", { maxKeys: 0, decodeURIComponent: (text) => decoded(text, found) });
    const values: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(given)) {
      if (!names.includes(name)) found.push(unknownParameter(name, names));
      else if (lists.has(name)) values[name] = Array.isArray(value) ? value : [value];
      else if (Array.isArray(value)) found.push(duplicateParameter(name));
      else values[name] = value;
    }
    const result = schema.safeParse(values, { error: sayFault, reportInput: true });
    if (result.success && found.length === 0) return parsed(result.data);
    return { kind: "faults", faults: [...found, ...schemaFaults(result.error?.issues ?? [], { schema })] };
  };
}

/** Bytes that are not UTF-8 would become U+FFFD, which is another text. */
function decoded(text: string, found: Fault[]): string {
  try {
    return decodeURIComponent(text);
  } catch {
    found.push({ pointer: "", code: "bad_encoding", message: `the query is not UTF-8 in percent-encoding: ${quote(text)}` });
    return text;
  }
}

const unknownParameter = (name: string, names: readonly string[]): Fault => ({
  pointer: toPointer([name]),
  code: "unknown_parameter",
  message: `there is no query parameter ${quote(name)} here${names.length === 0 ? "" : `: there are ${names.join(", ")}`}`,
});

const duplicateParameter = (name: string): Fault => ({
  pointer: toPointer([name]),
  code: "duplicate_parameter",
  message: `the query parameter ${JSON.stringify(name)} may be given only once`,
});
