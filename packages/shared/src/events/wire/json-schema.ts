import type { WireField, WireShape } from "./wire-shape.ts";

export type JsonSchemaObject = { readonly [key: string]: unknown };

/** The JSON Schema of a value as it is written in JSON: instants are text. Fields may be added later, so unknown ones are allowed. */
export function toJsonSchema(shape: WireShape): JsonSchemaObject {
  switch (shape.kind) {
    case "string":
    case "boolean":
    case "integer":
      return { type: shape.kind };
    case "instant":
      return { type: "string", format: "date-time", examples: ["2026-03-29T01:00:00.000Z"] };
    case "json":
      return {}; // Anything.
    case "jsonObject":
      return { type: "object" };
    case "enum":
      return { type: "string", enum: shape.values };
    case "array":
      return { type: "array", items: toJsonSchema(shape.of) };
    case "nullable":
      return { oneOf: [{ type: "null" }, toJsonSchema(shape.of)] };
    case "record":
      return {
        type: "object",
        title: shape.name,
        required: shape.fields.filter(({ fallback }) => fallback === undefined).map(({ name }) => name),
        properties: Object.fromEntries(shape.fields.map((field) => [field.name, fieldSchema(field)])),
      };
  }
}

const fieldSchema = ({ shape, description, fallback }: WireField): JsonSchemaObject => ({
  ...toJsonSchema(shape),
  ...(description !== null && { description }),
  ...(fallback !== undefined && { default: fallback }),
});
