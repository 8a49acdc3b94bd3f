import { z } from "zod";
import type { JsonObject, JsonValue } from "@tickline/shared/domain/json";

/** RFC 7396: null removes a member, objects merge, all else replaces. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  // A map keeps names such as __proto__ plain data.
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
 * What a merge patch (RFC 7396) of such a value may be, for the OpenAPI document: any part of an object, and null for a field that goes back
 * to its default. Where an object is of one of several kinds, a patch may lead from one to another, so it has the fields of all, and null
 * for those that go. What comes of a patch is checked when it has been merged.
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

/** What a request writes, without what stands for it when it is absent. */
function unwrapValue(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return unwrapValue(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? unwrapValue(schema.unwrap() as z.core.$ZodType) : (schema as z.ZodType);
}
