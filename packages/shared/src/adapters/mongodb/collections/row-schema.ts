import { Schema } from "mongoose";
import { z } from "zod";

/**
 * The mongoose schema of a collection, made from the schema of its rows. It refuses to write a field that is not in it. It does not check
 * stored rows: the readers of each row report the parts that cannot be read.
 */
export function rowSchema(collection: string, row: z.ZodObject): Schema {
  const columns = Object.fromEntries(Object.entries(row.shape).map(([name, of]) => [name, toColumn(of as z.ZodType)]));
  return new Schema(columns as never, {
    collection,
    versionKey: false,
    minimize: false,
    strict: "throw",
    autoIndex: false,
    autoCreate: false,
  });
}

function toColumn(schema: z.ZodType): unknown {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodDefault
  )
    return toColumn(schema.def.innerType as z.ZodType);
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return String;
  if (schema instanceof z.ZodNumber) return Number;
  if (schema instanceof z.ZodBoolean) return Boolean;
  if (schema instanceof z.ZodArray) return [toColumn(schema.def.element as z.ZodType)];
  return Schema.Types.Mixed;
}
