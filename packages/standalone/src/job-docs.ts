import { JobInputSchema } from "@tickline/shared/domain/job/job-definition";
import { z } from "zod";

/** The JSON Schema of one field, as far as it is used here. */
interface FieldSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** Of a schema that transforms, of which zod drops `examples`. */
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly FieldSchema[];
  readonly allOf?: readonly FieldSchema[];
}

const SCHEMA = z.toJSONSchema(JobInputSchema, { io: "input", unrepresentable: "any", reused: "inline", cycles: "ref" }) as FieldSchema & {
  readonly $defs?: Readonly<Record<string, FieldSchema>>;
};

/** Fields whose own fields have rows too; those of a schedule have a page of their own. */
const OPENED = ["retry", "misfire"];

/** The fields of a job as rows of a Markdown table, from the schema that checks them. */
export function jobFieldDocs(): string {
  const rows = Object.entries(SCHEMA.properties ?? {}).flatMap(([name, field]) => {
    const required = SCHEMA.required?.includes(name) === true;
    const inner = OPENED.includes(name) ? Object.entries(readProperties(field)) : [];
    return [toRow(name, field, required), ...inner.map(([own, part]) => toRow(`${name}.${own}`, part, false))];
  });
  return ["| field | default | limits | meaning | example |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function toRow(name: string, field: FieldSchema, required: boolean): string {
  const example = firstExample(field);
  const fallback = required ? "required" : code(field.default);
  return `| \`${name}\` | ${fallback} | ${describeLimits(field)} | ${field.description ?? ""} | ${code(example)} |`;
}

export const firstExample = ({ examples = [], example }: Pick<FieldSchema, "examples" | "example">): unknown => examples[0] ?? example;

const code = (value: unknown): string => (value === undefined ? "" : `\`${JSON.stringify(value)}\``);

function describeLimits(field: FieldSchema): string {
  const { enum: words, minimum, maximum, maxLength, maxItems } = { ...field.anyOf?.find((one) => Object.keys(one).length > 1), ...field };
  if (words !== undefined) return words.map((word) => `\`${String(word)}\``).join(", ");
  if (maximum !== undefined) return `${grouped(minimum ?? 0)} to ${grouped(maximum)}`;
  if (maxLength !== undefined) return `${grouped(maxLength)} characters`;
  return maxItems === undefined ? "" : `${grouped(maxItems)} of them`;
}

const grouped = (value: number): string => value.toLocaleString("en-US");

function readProperties(field: FieldSchema): Readonly<Record<string, FieldSchema>> {
  const ref = (field as { readonly $ref?: string }).$ref?.split("/").at(-1);
  const target = ref === undefined ? field : (SCHEMA.$defs?.[ref] ?? field);
  return (
    target.properties ??
    [...(target.allOf ?? []), ...(target.anyOf ?? [])].map(readProperties).find((found) => Object.keys(found).length > 0) ??
    {}
  );
}
