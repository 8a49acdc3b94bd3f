import { z } from "zod";

/**
 * What a merge patch (RFC 7396) of such a value may be, for the OpenAPI document: any part of an object, and null for a field that goes back
 * to its default. Where an object is of one of several kinds, a patch may lead from one to another, so it has the fields of all, and null
 * for those that go. What comes of a patch is checked when it has been merged.
 */
export function patchOf(schema: z.core.$ZodType): z.ZodType {
  const { description } = z.globalRegistry.get(schema) ?? {};
  const patch = patchOfValue(valueOf(schema));
  return description === undefined ? patch : patch.meta({ description });
}

function patchOfValue(value: z.ZodType): z.ZodType {
  if (value instanceof z.ZodObject) return patchOfObject([value]);
  if (!(value instanceof z.ZodUnion)) return value;
  const options = value.options.map(valueOf);
  const objects = options.filter((option) => option instanceof z.ZodObject);
  const others = options.filter((option) => !(option instanceof z.ZodObject));
  return objects.length === 0 ? value : oneOf([...others, patchOfObject(objects)]);
}

function patchOfObject(kinds: readonly z.ZodObject[]): z.ZodType {
  const names = new Set(kinds.flatMap(({ shape }) => Object.keys(shape)));
  const fieldOf = (name: string): z.ZodType => {
    const fields = kinds.flatMap(({ shape }) => shape[name] ?? []);
    const values = [...new Map(fields.map((field) => [valueOf(field), field])).values()];
    const patch = oneOf(values.map(patchOf));
    return (kinds.length > 1 || fields.every(mayBeAbsent) ? patch.nullable() : patch).optional();
  };
  return z.strictObject(Object.fromEntries([...names].map((name) => [name, fieldOf(name)])));
}

const oneOf = (options: readonly z.ZodType[]): z.ZodType => (options.length === 1 ? (options[0] as z.ZodType) : z.union(options));

const mayBeAbsent = (field: z.core.$ZodType): boolean => z.safeParse(field, undefined).success;

/** What a request writes, without what stands for it when it is absent. */
function valueOf(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return valueOf(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return isWrapped ? valueOf(schema.unwrap() as z.core.$ZodType) : (schema as z.ZodType);
}
