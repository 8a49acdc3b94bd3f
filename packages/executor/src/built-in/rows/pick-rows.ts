import { z } from "zod";
import { compileCondition, conditionColumns, type Condition } from "./condition.ts";
import { expectColumns } from "./expected-columns.ts";
import { createKeyIndex } from "./key-index.ts";
import { ColumnSchema } from "./row.ts";
import type { RowSink, StepContext } from "./row-sink.ts";

export const LimitSchema = z.int().min(0);
export const DistinctSchema = z.array(ColumnSchema).min(1).max(20);

/** Rows for which the condition holds. */
export function filterRows(condition: Condition, next: RowSink, { where }: StepContext): RowSink {
  const holds = compileCondition(condition);
  const expected = expectColumns(where, conditionColumns(condition));
  return {
    get full() {
      return next.full;
    },
    push(row) {
      expected.look(row);
      if (holds(row)) next.push(row);
    },
    end() {
      expected.check();
      next.end();
    },
  };
}

/** The first rows. The steps before it stop when they are there. */
export function limitRows(rowsMax: number, next: RowSink): RowSink {
  let left = rowsMax;
  return {
    get full() {
      return left === 0 || next.full;
    },
    push(row) {
      if (left === 0) return;
      left -= 1;
      next.push(row);
    },
    end: () => next.end(),
  };
}

/** The first row of each combination of values in these columns. */
export function distinctRows(columns: readonly string[], next: RowSink, { where }: StepContext): RowSink {
  const expected = expectColumns(where, columns);
  const index = createKeyIndex<true>(columns);
  return {
    get full() {
      return next.full;
    },
    push(row) {
      expected.look(row);
      if (index.get(row) !== undefined) return;
      index.getOrMake(row, () => true);
      next.push(row);
    },
    end() {
      expected.check();
      next.end();
    },
  };
}
