import type { JsonValue } from "@tickline/shared/domain/json/json";
import type { NewRow, Row } from "../rows/row.ts";
import type { RowSink, StepContext } from "../rows/row-sink.ts";
import { openStep, type Step } from "../rows/steps.ts";
import { excerpt } from "../rows/rows-fault.ts";
import { ComputeFault } from "./compute-fault.ts";
import type { ComputeStep, ReduceDefinition } from "./compute-params.ts";
import { memoryFault, type Sandbox } from "./sandbox.ts";

/** Rows that enter the sandbox at once, as one JSON text. */
export const BATCH_ROWS_MAX = 1_000;

/** Steps with expressions run in the sandbox, the others as everywhere. */
export const openComputeStep =
  (sandbox: Sandbox | null) =>
  (step: ComputeStep, next: RowSink, context: StepContext): RowSink => {
    if (sandbox !== null && step.map !== undefined) return mapByExpressions(step.map, next, { sandbox, where: context.where });
    if (sandbox !== null && step.reduce !== undefined) return reduceByExpression(step.reduce, next, { sandbox, where: context.where });
    if (sandbox !== null && typeof step.filter === "string")
      return filterByExpression(step.filter, next, { sandbox, where: context.where });
    return openStep(step as Step, next, context);
  };

export const hasExpressions = (steps: readonly ComputeStep[]): boolean =>
  steps.some(({ map, reduce, filter }) => map !== undefined || reduce !== undefined || typeof filter === "string");

interface Expressions {
  readonly sandbox: Sandbox;
  readonly where: string;
}

/** Calls each function with each row. What an expression throws is returned as `!`, so that the message names the row and the expression. */
const toBatchCode = (names: string, functions: readonly string[], body: string): string => `(() => {
  const names = ${names};
  const functions = [${functions.join(",\n")}];
  const parse = $parse, stringify = $stringify;
  return (json, first) => {
    const rows = parse(json);
    const start = Number(first);
    let at = 0, column = 0, out = "";
    const values = [];
    try { ${body} }
    catch (error) { return "!" + stringify({ row: start + at + 1, column, message: String(error) }); }
  };
})()`;

const toFunction = (expression: string, params: string): string => `(${params}) => (\n${expression}\n)`;

/** Alone, an expression that cannot be read is reported as such; inside other code it could change what is around it. */
function checkExpressions(expressions: readonly string[], params: string, { sandbox, where }: Expressions): string[] {
  return expressions.map((expression) => {
    const code = toFunction(expression, params);
    sandbox.compile(`(${code})`, `${where}, expression ${excerpt(expression)}`);
    return code;
  });
}

function mapByExpressions(columns: Readonly<Record<string, string>>, next: RowSink, expressions: Expressions): RowSink {
  const codes = Object.values(columns);
  const functions = checkExpressions(codes, "row, index", expressions);
  const body = `
    for (at = 0; at < rows.length; at += 1)
      for (column = 0; column < names.length; column += 1) {
        const value = functions[column](rows[at], start + at);
        if (typeof value === "bigint") throw new TypeError("a BigInt is no JSON value; use Number or String");
        const made = value === undefined || typeof value === "function" || typeof value === "symbol" ? null : value;
        rows[at][names[column]] = made; // The next expression may use it.
        values.push(made);
      }
    return "=" + stringify(values);`;
  const call = compileBatch(toBatchCode(JSON.stringify(Object.keys(columns)), functions, body), codes, expressions);
  const names = Object.keys(columns);
  return inBatches(next, (rows, first) => {
    const values = parseValues(call(rows, first), { count: rows.length * names.length, where: expressions.where });
    for (let at = 0; at < rows.length && !next.full; at += 1) {
      const made: NewRow = { ...rows[at] };
      for (let column = 0; column < names.length; column += 1) made[names[column] as string] = values[at * names.length + column] ?? null;
      next.push(made);
    }
  });
}

function filterByExpression(expression: string, next: RowSink, expressions: Expressions): RowSink {
  const functions = checkExpressions([expression], "row, index", expressions);
  const body = `for (; at < rows.length; at += 1) out += functions[0](rows[at], start + at) ? "1" : "0"; return "=" + out;`;
  const call = compileBatch(toBatchCode("[]", functions, body), [expression], expressions);
  return inBatches(next, (rows, first) => {
    const kept = call(rows, first);
    rows.forEach((row, at) => {
      if (kept[at] === "1" && !next.full) next.push(row);
    });
  });
}

function reduceByExpression({ as, initial, expression }: ReduceDefinition, next: RowSink, expressions: Expressions): RowSink {
  const functions = checkExpressions([expression], "acc, row, index", expressions);
  const start = JSON.stringify(JSON.stringify(initial));
  const body = `
    if (globalThis[key] === undefined) globalThis[key] = { acc: parse(${start}) };
    const state = globalThis[key];
    for (; at < rows.length; at += 1) state.acc = functions[0](state.acc, rows[at], start + at);
    return "=" + (first === "end" ? stringify(state.acc) ?? "null" : "");`;
  const code = toBatchCode("[]", functions, `const key = ${JSON.stringify(`$acc ${expressions.where}`)}; ${body}`);
  const call = compileBatch(code, [expression], expressions);
  const sink = inBatches(next, (rows, first) => void call(rows, first), { atEnd: () => pushResult() });
  function pushResult(): void {
    next.push({ [as]: JSON.parse(call([], "end")) as JsonValue });
  }
  return { push: sink.push, end: sink.end, full: false };
}

/** The function of a batch; throws what an expression threw, with the expression, its message and the row. */
function compileBatch(code: string, codes: readonly string[], { sandbox, where }: Expressions) {
  const call = sandbox.compile(code, `${where}, expression ${codes.map(excerpt).join(", ")}`);
  return (rows: readonly Row[], first: number | "end"): string => {
    const answer = call(JSON.stringify(rows), String(first));
    if (!answer.startsWith("!")) return answer.slice(1);
    const { row, column, message } = JSON.parse(answer.slice(1)) as {
      readonly row: number;
      readonly column: number;
      readonly message: string;
    };
    const what = `${where}, expression ${excerpt(codes[column] ?? codes[0])}`;
    if (message.includes("out of memory")) throw memoryFault(`${what} (row ${row})`);
    throw new ComputeFault("expression_failed", `${what}: ${message} (row ${row})`);
  };
}

/** Expressions may have changed what all code of the sandbox uses, so what comes out of it is checked. */
function parseValues(json: string, { count, where }: { readonly count: number; readonly where: string }): readonly JsonValue[] {
  const values = JSON.parse(json) as unknown;
  if (!Array.isArray(values) || values.length !== count)
    throw new ComputeFault(
      "expression_failed",
      `${where}: the expressions changed built-in objects, so that there is no value for each row`,
    );
  return values as readonly JsonValue[];
}

function inBatches(next: RowSink, work: (rows: readonly Row[], first: number) => void, { atEnd = () => {} } = {}): RowSink {
  let batch: Row[] = [];
  let first = 0;
  function flush(): void {
    const rows = batch;
    batch = [];
    if (rows.length > 0) work(rows, first);
    first += rows.length;
  }
  return {
    get full() {
      return next.full;
    },
    push(row) {
      if (batch.push(row) >= BATCH_ROWS_MAX) flush();
    },
    end() {
      flush();
      atEnd();
      next.end();
    },
  };
}
