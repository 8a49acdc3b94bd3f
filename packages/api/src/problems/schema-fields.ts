import { z } from "zod";

type Schema = z.core.$ZodType;

/** The fields that an object at this place may have by the schema; for a union those of all its options. Empty: any field, or none. */
export function fieldsAt(schema: Schema, path: readonly PropertyKey[]): readonly string[] {
  const [step, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(schema.shape);
    return Object.hasOwn(schema.shape, step) ? fieldsAt(schema.shape[String(step)] as Schema, rest) : [];
  }
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => fieldsAt(option, path)))];
  if (schema instanceof z.ZodArray) return step === undefined ? [] : fieldsAt(schema.element, rest);
  if (schema instanceof z.ZodPipe) return fieldsAt(schema.in, path);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return fieldsAt(schema.unwrap() as Schema, path);
  return [];
}
