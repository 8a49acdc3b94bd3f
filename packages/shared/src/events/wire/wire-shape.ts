import { z } from "zod";

/** A schema of event data on the wire. There are only these kinds, so that each format is one small table. */
export type WireShape =
  | { readonly kind: "string" | "boolean" | "integer" | "instant" | "json" | "jsonObject" }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "array" | "nullable"; readonly of: WireShape }
  | RecordShape;

export interface RecordShape {
  readonly kind: "record";
  readonly name: string;
  readonly fields: readonly WireField[];
}

export interface WireField {
  readonly name: string;
  readonly shape: WireShape;
  readonly description: string | null;
  /** The value for readers if the writer did not know the field; undefined: it is required. */
  readonly fallback?: unknown;
}

/** The record that a schema of event data describes. Throws for kinds that no event uses yet. */
export function toRecordShape(name: string, schema: z.ZodObject): RecordShape {
  const fields = Object.entries(schema.shape).map(([field, of]) => toWireField(field, of as z.ZodType));
  return { kind: "record", name, fields };
}

function toWireField(name: string, schema: z.ZodType): WireField {
  const description = z.globalRegistry.get(schema)?.description ?? null;
  if (schema instanceof z.ZodDefault) {
    const inner = toWireField(name, schema.def.innerType as z.ZodType);
    return { ...inner, description: description ?? inner.description, fallback: schema.def.defaultValue };
  }
  const shape = toWireShape(schema, name);
  // Readers use null for a nullable field that the writer did not know.
  return { name, shape, description, ...(shape.kind === "nullable" && { fallback: null }) };
}

function toWireShape(schema: z.ZodType, path: string): WireShape {
  const meta = z.globalRegistry.get(schema);
  if (meta?.["wire"] !== undefined) return { kind: meta["wire"] as "instant" | "json" | "jsonObject" };
  if (schema instanceof z.ZodNullable) return { kind: "nullable", of: toWireShape(schema.def.innerType as z.ZodType, path) };
  if (schema instanceof z.ZodReadonly) return toWireShape(schema.def.innerType as z.ZodType, path);
  if (schema instanceof z.ZodArray) return { kind: "array", of: toWireShape(schema.def.element as z.ZodType, path) };
  if (schema instanceof z.ZodEnum) return { kind: "enum", values: schema.options.map(String) };
  if (schema instanceof z.ZodString) return { kind: "string" };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodNumber && schema.isInt) return { kind: "integer" };
  if (schema instanceof z.ZodObject && meta?.title !== undefined) return toRecordShape(meta.title, schema);
  throw new TypeError(`${path}: no event has had such a field so far; give it a kind here`);
}
