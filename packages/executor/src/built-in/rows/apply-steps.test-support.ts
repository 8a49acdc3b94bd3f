import { z } from "zod";

import { keepRows, type RowSources } from "./row-sink.ts";
import type { Row } from "./row.ts";
import { openStep, openSteps, StepSchema } from "./steps.ts";

const StepsSchema = z.array(StepSchema);

/** The rows after all steps, as they stand in the params of a job. */
export function applySteps(rows: Iterable<Row>, given: unknown, sources: RowSources = {}): readonly Row[] {
  const kept = keepRows();
  const first = openSteps(StepsSchema.parse(given), { to: kept, sources, open: openStep });
  for (const row of rows) {
    if (first.full) break;
    first.push(row);
  }
  first.end();
  return kept.rows;
}
