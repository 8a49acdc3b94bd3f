/** As much of JSON Schema as the schemas of events use. */
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
  /** What it may be, where these are few. */
  readonly values: readonly string[];
  readonly description: string;
  /** As JSON: what a reader takes where the writer did not know the field; null: it is always there. */
  readonly fallback: string | null;
}

/** The fields of a schema, each followed by those within it. */
export function fieldRows({ properties = {}, required = [] }: Schema, prefix = ""): readonly FieldRow[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = prefix + name;
    const inner = withoutNull(schema);
    const item = inner.type === "array" ? withoutNull(inner.items ?? {}) : null;
    const row: FieldRow = {
      path,
      type: typeOf(schema),
      required: required.includes(name),
      values: valuesOf(item ?? inner),
      description: schema.description ?? "",
      fallback: schema.default === undefined ? null : JSON.stringify(schema.default),
    };
    return [row, ...fieldRows(item ?? inner, item === null ? `${path}.` : `${path}[].`)];
  });
}

const isNull = ({ type }: Schema): boolean => type === "null";
const withoutNull = (schema: Schema): Schema => schema.oneOf?.find((one) => !isNull(one)) ?? schema;
const valuesOf = ({ const: only, enum: several }: Schema): readonly string[] => several ?? (only === undefined ? [] : [only]);

function typeOf(schema: Schema): string {
  if (schema.oneOf !== undefined)
    return schema.oneOf
      .toSorted((left, right) => Number(isNull(left)) - Number(isNull(right)))
      .map(typeOf)
      .join(" or ");
  if (schema.type === "array") return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.format === "date-time") return "date-time";
  return schema.type ?? (valuesOf(schema).length > 0 ? "string" : "any JSON");
}
