import { toRecordShape, type RecordShape, type WireShape } from "./wire-shape.ts";
import type { EventDefinition } from "../event-definitions.ts";

/** Namespace of every record; a subject of the registry is the full name of its record: `tickline.events.JobDue`. */
export const AVRO_NAMESPACE = "tickline.events";

export type AvroSchema = string | readonly AvroSchema[] | { readonly [key: string]: unknown };
export interface AvroRecord {
  readonly type: "record";
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: readonly object[];
}

/**
 * The Avro schema of one event. Names of a set that may grow (states, reasons) are strings, because a new symbol of an
 * Avro enum breaks old readers; any JSON is a string of JSON text.
 */
export function toAvroSchema({ type, summary, data }: EventDefinition): AvroRecord {
  const { fields } = toRecordShape(type, data);
  const known = new Set<string>();
  return { type: "record", name: type, namespace: AVRO_NAMESPACE, doc: summary, fields: toAvroFields(fields, known) };
}

function toAvroFields(fields: RecordShape["fields"], known: Set<string>): object[] {
  return fields.map(({ name, shape, description, fallback }) => {
    const doc = toAvroDoc(shape, description);
    return {
      name,
      type: toAvroType(shape, known),
      ...(doc !== "" && { doc }),
      ...(fallback !== undefined && { default: shape.kind === "json" ? JSON.stringify(fallback) : fallback }),
    };
  });
}

function toAvroType(shape: WireShape, known: Set<string>): AvroSchema {
  switch (shape.kind) {
    case "string":
    case "enum":
    case "json":
    case "jsonObject":
      return "string";
    case "boolean":
      return "boolean";
    case "integer":
      return "long";
    case "instant":
      return { type: "long", logicalType: "timestamp-millis" };
    case "array":
      return { type: "array", items: toAvroType(shape.of, known) };
    case "nullable":
      return ["null", toAvroType(shape.of, known)];
    case "record":
      if (known.has(shape.name)) return shape.name; // Avro defines a record once, and then refers to it by name.
      known.add(shape.name);
      return { type: "record", name: shape.name, fields: toAvroFields(shape.fields, known) };
  }
}

function toAvroDoc(shape: WireShape, description: string | null): string {
  const inner = shape.kind === "nullable" || shape.kind === "array" ? shape.of : shape;
  const values = inner.kind === "enum" ? `One of ${inner.values.join(", ")}; more may come.` : "";
  const json = inner.kind === "json" || inner.kind === "jsonObject" ? "JSON text." : "";
  return [description ?? "", values, json].filter((part) => part !== "").join(" ");
}
