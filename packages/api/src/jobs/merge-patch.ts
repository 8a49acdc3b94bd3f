import { z } from "zod";
import type { JsonObject, JsonValue } from "@tickline/shared/domain/json/json";

/** RFC 7396: null removes a member, objects are merged, every other value replaces. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  // In a map, names such as __proto__ are plain data.
  const merged = new Map<string, JsonValue>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The schema of a merge patch (RFC 7396) of a value, for the OpenAPI document. A patch has any part of an object; null resets a field to
 * its default. If an object has several kinds, a patch may change the kind. So it has the fields of all kinds, and null removes a field.
 * The result is checked after the merge.
 */
export function toPatchSchema(schema: z.core.$ZodType): z.ZodType {
  const { description } = z.globalRegistry.get(schema) ?? {};
  const patch = toValuePatch(unwrapValue(schema));
  return description === undefined ? patch : patch.meta({ description });
}

function toValuePatch(value: z.ZodType): z.ZodType {
  if (value instanceof z.ZodObject) return toObjectPatch([value]);
  if (!(value instanceof z.ZodUnion)) return value;
  const options = value.options.map(unwrapValue);
  const objects = options.filter((option) => option instanceof z.ZodObject);
  const others = options.filter((option) => !(option instanceof z.ZodObject));
  return objects.length === 0 ? value : anyOption([...others, toObjectPatch(objects)]);
}

function toObjectPatch(kinds: readonly z.ZodObject[]): z.ZodType {
  const names = new Set(kinds.flatMap(({ shape }) => Object.keys(shape)));
  const toFieldPatch = (name: string): z.ZodType => {
    const fields = kinds.flatMap(({ shape }) => shape[name] ?? []);
    const values = [...new Map(fields.map((field) => [unwrapValue(field), field])).values()];
    const patch = anyOption(values.map(toPatchSchema));
    return (kinds.length > 1 || fields.every(mayBeAbsent) ? patch.nullable() : patch).optional();
  };
  return z.strictObject(Object.fromEntries([...names].map((name) => [name, toFieldPatch(name)])));
}

const anyOption = (options: readonly z.ZodType[]): z.ZodType => (options.length === 1 ? (options[0] as z.ZodType) : z.union(options));

const mayBeAbsent = (field: z.core.$ZodType): boolean => z.safeParse(field, undefined).success;

/** The schema of the value itself, without the wrappers for absent values. */
function unwrapValue(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return unwrapValue(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapValue(schema.unwrap() as z.core.$ZodType) : (schema as z.ZodType);
}
