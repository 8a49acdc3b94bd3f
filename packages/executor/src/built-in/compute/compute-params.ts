import { z } from "zod";
import { FilePathSchema } from "../files/file-path.ts";
import { ConditionSchema } from "../rows/condition.ts";
import { ColumnSchema } from "../rows/row.ts";
import { oneMember, STEP_SHAPE, STEPS_MAX } from "../rows/steps.ts";

/** Rows of a generated range. */
const RANGE_MAX = 100_000_000;
const SOURCES_MAX = 10;
/** Longest expression, in characters. */
const EXPRESSION_LENGTH_MAX = 10_000;
const MAP_COLUMNS_MAX = 100;

const FormatSchema = z.enum(["csv", "json", "ndjson"]).meta({ description: "Default: by the end of the file's name." });

const SourceSchema = z.union([
  z.strictObject({ rows: z.array(z.record(ColumnSchema, z.json())).meta({ description: "The rows themselves." }) }),
  z.strictObject({
    file: FilePathSchema,
    format: FormatSchema.optional(),
    text: z.array(ColumnSchema).default([]).meta({ description: "Columns of a CSV file that stay text, even if they look like numbers." }),
  }),
  z.strictObject({ range: z.int().min(0).max(RANGE_MAX).meta({ description: "Rows with the column `n`, from 0, so many." }) }),
]);
export type Source = z.output<typeof SourceSchema>;

const ExpressionSchema = z
  .string()
  .min(1)
  .max(EXPRESSION_LENGTH_MAX)
  .meta({ description: "JavaScript of one expression, over `row` and `index`." });

const MapSchema = z
  .record(ColumnSchema, ExpressionSchema)
  .refine((columns) => Object.keys(columns).length <= MAP_COLUMNS_MAX, `must be at most ${MAP_COLUMNS_MAX} columns`);

const ReduceSchema = z.strictObject({
  as: ColumnSchema.default("result"),
  initial: z.json().default(null),
  expression: ExpressionSchema.meta({ description: "The next value of `acc`, over `acc`, `row` and `index`." }),
});
export type ReduceDefinition = z.output<typeof ReduceSchema>;

const ComputeStepSchema = oneMember({
  ...STEP_SHAPE,
  filter: z.union([ExpressionSchema, ConditionSchema]).optional().meta({ description: "Keeps the rows for which it holds." }),
  map: MapSchema.optional().meta({ description: "Columns that expressions compute, in their order." }),
  reduce: ReduceSchema.optional().meta({ description: "One value of all rows, in one row." }),
});
export type ComputeStep = z.output<typeof ComputeStepSchema>;

/** Where rows come from, what is done with them, and where they go. */
export const ComputeParamsSchema = z.strictObject({
  from: SourceSchema,
  sources: z
    .record(
      z
        .string()
        .min(1)
        .max(100)
        .regex(/^(?!__proto__$)/),
      SourceSchema,
    )
    .refine((sources) => Object.keys(sources).length <= SOURCES_MAX, `must be at most ${SOURCES_MAX}`)
    .default({})
    .meta({ description: "Other rows, by the names that `join` uses." }),
  steps: z.array(ComputeStepSchema).max(STEPS_MAX).default([]),
  to: z
    .strictObject({ file: FilePathSchema, format: FormatSchema.optional() })
    .optional()
    .meta({ description: "A file for the result. Without it, the rows are the output and have to fit." }),
});
export type ComputeParams = z.output<typeof ComputeParamsSchema>;

export type Format = z.output<typeof FormatSchema>;

/** Null: the name of the file does not tell it. */
export function formatOf({ file, format }: { readonly file: string; readonly format?: Format | undefined }): Format | null {
  if (format !== undefined) return format;
  const extension = /\.(csv|json|ndjson|jsonl)$/i.exec(file)?.[1]?.toLowerCase();
  return extension === "jsonl" ? "ndjson" : ((extension as Format | undefined) ?? null);
}
