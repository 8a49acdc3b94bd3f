import { z } from "zod";

/** Anything JSON can say: params, outputs and request bodies. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** Any JSON, under a name, so that documents made from schemas say it once. */
const namedJson = (name: z.ZodString, { id, description }: { readonly id: string; readonly description: string }): z.ZodType<JsonValue> => {
  const json: z.ZodType<JsonValue> = z
    .lazy(() => z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(name, json)]))
    .meta({ id, description });
  return json;
};

export const JsonSchema = namedJson(z.string(), { id: "Json", description: "Any JSON." });
/** The same as a field of an event. */
export const JsonField = JsonSchema.meta({ wire: "json", description: "Any JSON." });

/** A body with a member `__proto__` is refused where it is read: this says so to readers of documents. */
const MemberName = z.string().meta({ not: { const: "__proto__" } });
const JsonInputSchema = namedJson(MemberName, { id: "JsonInput", description: "Any JSON, without members named __proto__." });

/**
 * An object of any JSON members. The depth is bounded where bodies are parsed, so that checking here may recurse. It
 * costs a walk per request; params are small (64 KiB at most).
 */
export const JsonObjectSchema = z.record(MemberName, JsonInputSchema);

/** Bytes of a value as UTF-8 JSON, which is how every size limit of Tickline counts. */
export const jsonBytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value) ?? "").length;

/** JSON with the members of every object in one order, so that equal values give equal text, and equal hashes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const members = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(members).sort()) {
    if (members[name] !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(members[name])}`;
  }
  return `{${text}}`;
}

/** Deepest nesting of JSON that is taken from outside, or from a handler: what is read later may then recurse without a thought. */
export const JSON_DEPTH_MAX = 1_000;

/** Looks no deeper than the limit, so that the depth of what it is given cannot hurt it. */
export function deeperThan(value: unknown, depthMax: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (depthMax === 0) return true;
  for (const member of Object.values(value)) if (deeperThan(member, depthMax - 1)) return true;
  return false;
}
