/** The part of JSON Schema that the schemas of events use. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
}

/** One field, for a person. */
export interface FieldRow {
  /** `retry.delayMs`, `errors[].code`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  /** The allowed values, if they are listed. */
  readonly values: readonly string[];
  readonly description: string;
  /** As JSON: the value for readers if the writer did not know the field; null: the field is always there. */
  readonly fallback: string | null;
}

/** The fields of a schema, each followed by its own fields. */
export function fieldRows({ properties = {}, required = [] }: Schema, prefix = ""): readonly FieldRow[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix + name;
    const inner = withoutNull(schema);
    const item = inner.type === "array" ? withoutNull(inner.items ?? {}) : null;
    const row: FieldRow = {
      path,
      type: describeType(schema),
      required: required.includes(name),
      values: listValues(item ?? inner),
      description: schema.description ?? "",
      fallback: schema.default === undefined ? null : JSON.stringify(schema.default),
    };
    return [row, ...fieldRows(item ?? inner, item === null ? `${path}.` : `${path}[].`)];
  });
}

const isNull = ({ type }: Schema): boolean => type === "null";
const withoutNull = (schema: Schema): Schema => schema.oneOf?.find((one) => !isNull(one)) ?? schema;
const listValues = ({ const: only, enum: several }: Schema): readonly string[] => several ?? (only === undefined ? [] : [only]);

function describeType(schema: Schema): string {
  if (schema.oneOf !== undefined)
    return schema.oneOf
      .toSorted((left, right) => Number(isNull(left)) - Number(isNull(right)))
      .map(describeType)
      .join(" or ");
  if (schema.type === "array") return `array of ${describeType(schema.items ?? {})}`;
  if (schema.format === "date-time") return "date-time";
  return schema.type ?? (listValues(schema).length > 0 ? "string" : "any JSON");
}
