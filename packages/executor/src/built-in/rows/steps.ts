import { z } from "zod";
import { ConditionSchema } from "./condition.ts";
import { GroupSchema, groupRows } from "./group-rows.ts";
import { JoinSchema, joinRows } from "./join-rows.ts";
import { DistinctSchema, distinctRows, filterRows, LimitSchema, limitRows } from "./pick-rows.ts";
import { type RowSink, type RowSources, type StepContext } from "./row-sink.ts";
import { ConvertSchema, convertColumns, SelectSchema, selectColumns } from "./select-columns.ts";
import { SortSchema, sortRows } from "./sort-rows.ts";

/** Steps of one job. */
export const STEPS_MAX = 50;

/** The steps that need no code of the user. A step is an object with one of these members. */
export const STEP_SHAPE = {
  filter: ConditionSchema.optional().meta({ description: "Keeps the rows for which the condition holds." }),
  select: SelectSchema.optional().meta({ description: "Columns to keep, in this order, renamed with `as`; or constants." }),
  convert: ConvertSchema.optional().meta({ description: "Columns whose values become numbers or texts." }),
  group: GroupSchema.optional(),
  join: JoinSchema.optional(),
  sort: SortSchema.optional().meta({ description: "Columns, the most important first." }),
  distinct: DistinctSchema.optional().meta({ description: "Keeps the first row of each combination of values in these columns." }),
  limit: LimitSchema.optional().meta({ description: "Keeps the first rows, at most so many." }),
};

/** Exactly one member: the form of a step. */
export const oneMember = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z
    .strictObject(shape)
    .refine((step) => Object.values(step).filter((value) => value !== undefined).length === 1, {
      message: `must have exactly one of ${Object.keys(shape).join(", ")}`,
    })
    .meta({ minProperties: 1, maxProperties: 1 });

export const StepSchema = oneMember(STEP_SHAPE);
export type Step = z.output<typeof StepSchema>;

/** A step as a sink in front of the next one. */
export function openStep(step: Step, next: RowSink, context: StepContext): RowSink {
  if (step.filter !== undefined) return filterRows(step.filter, next, context);
  if (step.select !== undefined) return selectColumns(step.select, next, context);
  if (step.convert !== undefined) return convertColumns(step.convert, next, context);
  if (step.group !== undefined) return groupRows(step.group, next, context);
  if (step.join !== undefined) return joinRows(step.join, next, context);
  if (step.sort !== undefined) return sortRows(step.sort, next, context);
  if (step.distinct !== undefined) return distinctRows(step.distinct, next, context);
  return limitRows(step.limit ?? 0, next);
}

export interface StepsOptions<AnyStep> {
  /** Where the rows go after the last step. */
  readonly to: RowSink;
  readonly sources: RowSources;
  readonly open: (step: AnyStep, next: RowSink, context: StepContext) => RowSink;
}

/** All steps as one sink: what is pushed into it passes through them. Throws `bad_rows` for steps that cannot work. */
export function openSteps<AnyStep extends object>(steps: readonly AnyStep[], { to, sources, open }: StepsOptions<AnyStep>): RowSink {
  return steps.reduceRight<RowSink>((next, step, at) => open(step, next, { where: nameStep(step, at), sources }), to);
}

/** `step 2 (group)`: counted from 1. */
const nameStep = (step: object, at: number): string => {
  const kind = Object.entries(step).find(([, value]) => value !== undefined)?.[0] ?? "empty";
  return `step ${at + 1} (${kind})`;
};
