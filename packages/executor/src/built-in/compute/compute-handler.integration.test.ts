import { afterAll, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RunAborted } from "../../attempt/run-aborted.ts";
import type { HandlerContext } from "../../handlers/handler.ts";
import { toParamsSchema } from "../../handlers/params-schema.ts";
import { openFilesFolder } from "../files/files-folder.ts";
import { createComputeHandler, type ComputeHandlerLimits } from "./compute-handler.ts";
import { ComputeParamsSchema, type ComputeParams } from "./compute-params.ts";

const dir = mkdtempSync(join(tmpdir(), "tickline-compute-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
const read = (name: string): string => readFileSync(join(dir, name), "utf8");

const LIMITS: ComputeHandlerLimits = { threadsMax: 2, memoryMb: 256, batchMsMax: 300 };

function setup(limits: Partial<ComputeHandlerLimits> = {}) {
  const handler = createComputeHandler({ files: openFilesFolder(dir) }, { ...LIMITS, ...limits });
  const abort = new AbortController();
  const run = (params: unknown, runId = "run-1") => {
    const context = { params: ComputeParamsSchema.parse(params), idempotencyKey: runId, runId, signal: abort.signal };
    return handler.run(context as unknown as HandlerContext<ComputeParams>) as Promise<Record<string, unknown>>;
  };
  return { run, abort, handler };
}

const ROWS = [
  { id: 1, price: 2.5, qty: 4 },
  { id: 2, price: 10, qty: 1 },
  { id: 3, price: null, qty: 9 },
];

test("expressions map, filter and reduce, with declared steps between them", async () => {
  const { run } = setup();
  const steps = [
    { map: { total: "row.price * row.qty", label: "`#${row.id} at ${index}: ${row.total}`" } },
    { filter: "row.total > 0" },
    { sort: [{ column: "id", order: "desc" }] },
  ];
  expect(await run({ from: { rows: ROWS }, steps })).toEqual({
    count: 2,
    rows: [
      { id: 2, price: 10, qty: 1, total: 10, label: "#2 at 1: 10" },
      { id: 1, price: 2.5, qty: 4, total: 10, label: "#1 at 0: 10" },
    ],
  });
  const reduce = { initial: 100, expression: "acc + row.n" };
  expect(await run({ from: { range: 2_501 }, steps: [{ reduce }] })).toEqual({ count: 1, rows: [{ result: 100 + (2_500 * 2_501) / 2 }] });
  expect(await run({ from: { range: 0 }, steps: [{ reduce }] })).toEqual({ count: 1, rows: [{ result: 100 }] });
});

test("what is no JSON becomes null, and the random numbers are the same on every attempt of a run only", async () => {
  const { run } = setup();
  const odd = { a: "0 / 0", b: "undefined", c: "() => 1", d: "new Date(0)" };
  expect(await run({ from: { range: 1 }, steps: [{ map: odd }] })).toMatchObject({
    rows: [{ n: 0, a: null, b: null, c: null, d: "1970-01-01T00:00:00.000Z" }],
  });
  const dice = {
    from: { range: 20 },
    steps: [
      { map: { x: "Math.random()" } },
      {
        group: {
          aggregates: { min: { fn: "min", column: "x" }, max: { fn: "max", column: "x" }, kinds: { fn: "countDistinct", column: "x" } },
        },
      },
    ],
  };
  const first = await run(dice);
  expect(first).toMatchObject({ rows: [{ kinds: 20 }] });
  expect(await run(dice)).toEqual(first);
  expect(await run(dice, "run-2")).not.toEqual(first);
});

test.each([
  [{ map: { x: "row.price.toFixed(2)" } }, "expression_failed", 'step 1 (map), expression "row.price.toFixed(2)": TypeError:', "(row 3)"],
  [{ map: { x: "row.(" } }, "expression_failed", 'step 1 (map), expression "row.(": SyntaxError:', ""],
  [{ filter: "1) ; (2" }, "expression_failed", 'step 1 (filter), expression "1) ; (2": SyntaxError:', ""],
  [{ map: { x: "10n" } }, "expression_failed", "a BigInt is no JSON value", "(row 1)"],
  [{ filter: "process.exit(1)" }, "expression_failed", "'process' is not defined", "(row 1)"],
  [{ filter: "require('fs')" }, "expression_failed", "'require' is not defined", ""],
  [{ filter: "fetch('http://x')" }, "expression_failed", "'fetch' is not defined", ""],
  [{ filter: "(() => { while (true); })()" }, "expression_timeout", "the expressions ran longer than 300 ms for one batch of rows", ""],
  [{ filter: "(() => { try { while (true); } catch { } finally { while (true); } })()" }, "expression_timeout", "longer than 300 ms", ""],
  [{ map: { x: "/(a+)+$/.test('a'.repeat(40) + 'b')" } }, "expression_", "", ""],
  [{ map: { x: "'x'.repeat(2 ** 27).split('')" } }, "expression_memory", "bytes of memory", ""],
  [{ map: { x: "(function f() { return f(); })()" } }, "expression_failed", "stack", ""],
  [{ group: { by: ["idd"] } }, "bad_rows", 'step 1 (group): no row has the column "idd"; the columns are "id", "price", "qty"', ""],
])("%j ends as %s", async (step, code, ...messages) => {
  const { run } = setup();
  const fault = await run({ from: { rows: ROWS }, steps: [step] }).catch((thrown: unknown) => thrown as Record<string, unknown>);
  expect(fault).toMatchObject({ code: expect.stringContaining(code), retryable: false });
  for (const message of messages) expect(fault["message"]).toContain(message);
});

test("CSV, NDJSON and JSON are read, joined and written; nothing but the result stays", async () => {
  const { run } = setup();
  write(
    "orders.csv",
    '\ufeffid,customer,total,zip,note\r\n1,a,2.5,00501,"x, ""y"""\r\n2,b,-1e2,10115,\r\n3,a,12345678901234567890,7,=1+1\r\n',
  );
  write("customers.ndjson", '{"id":"a","name":"Ada"}\n\n{"id":"b","name":"Bo"}\n');
  write("extra.json", '[{"id":1,"extra":[1]}]');
  const params = {
    from: { file: "orders.csv", text: ["zip"] },
    sources: { customers: { file: "customers.ndjson" }, extra: { file: "extra.json" } },
    steps: [{ join: { with: "customers", on: { customer: "id" } } }, { join: { with: "extra", on: { id: "id" }, kind: "left" } }],
  };
  const rows = [
    { id: 1, customer: "a", total: 2.5, zip: "00501", note: 'x, "y"', name: "Ada", extra: [1] },
    { id: 2, customer: "b", total: -100, zip: "10115", note: null, name: "Bo", extra: null },
    { id: 3, customer: "a", total: "12345678901234567890", zip: "7", note: "=1+1", name: "Ada", extra: null },
  ];
  expect(await run(params)).toEqual({ count: 3, rows });
  const csv =
    'id,customer,total,zip,note,name,extra\n1,a,2.5,00501,"x, ""y""",Ada,[1]\n2,b,-100,10115,,Bo,\n3,a,12345678901234567890,7,=1+1,Ada,\n';
  expect(await run({ ...params, to: { file: "out/result.csv" } })).toEqual({ count: 3, file: "out/result.csv", bytes: csv.length });
  expect(read("out/result.csv")).toBe(csv);
  await run({ ...params, to: { file: "out/result.json" } });
  expect(JSON.parse(read("out/result.json"))).toEqual(rows);
  await run({ ...params, to: { file: "out/result.jsonl" } });
  expect(
    read("out/result.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(rows);
  await run({ from: { rows: [] }, to: { file: "out/none.json" } });
  expect(JSON.parse(read("out/none.json"))).toEqual([]);
  expect(readdirSync(join(dir, "out")).sort()).toEqual(["none.json", "result.csv", "result.json", "result.jsonl"]);
});

test.each([
  [{ from: { file: "none.csv" } }, "file_not_found", 'the file "none.csv" is not there'],
  [{ from: { file: "bad.txt" } }, "bad_path", '"bad.txt" ends in none of .csv, .json, .ndjson, .jsonl; say its "format"'],
  [{ from: { file: "ragged.csv" } }, "bad_rows", 'the file "ragged.csv" is no CSV'],
  [{ from: { file: "twice.csv" } }, "bad_rows", 'the file "twice.csv": column 2 is named "a"; each column needs a name of its own'],
  [{ from: { file: "twice.csv", text: ["z"] } }, "bad_rows", "twice.csv"],
  [{ from: { file: "broken.ndjson" } }, "bad_rows", 'line 2 of "broken.ndjson" is no JSON'],
  [{ from: { file: "list.json" } }, "bad_rows", 'item 1 of "list.json" is no object, but 1'],
  [{ from: { range: 100_000 } }, "compute_output", 'write it to a file with "to"'],
  [{ from: { rows: [{ a: 1 }, { b: 1 }] }, to: { file: "x.csv" } }, "bad_rows", 'a row has the column "b", which the first row has not'],
])("%j fails: %s", async (params, code, message) => {
  const { run } = setup();
  write("ragged.csv", "a,b\n1\n");
  write("twice.csv", "a,a\n1,2\n");
  write("broken.ndjson", '{"a":1}\n{"a":\n');
  write("list.json", "[1]");
  write("bad.txt", "");
  await expect(run(params)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  expect(readdirSync(dir).filter((name) => name.endsWith(".part") || name === "x.csv")).toEqual([]);
});

test("rows that need more memory than the thread may have are a fault, and the process goes on", async () => {
  const { run } = setup({ memoryMb: 64 });
  const steps = [{ sort: [{ column: "n", order: "desc" }] }, { limit: 1 }];
  const message = "the rows need more than 64 MiB of memory; filter and group them early, sort and join fewer, or raise COMPUTE_MEMORY_MB";
  await expect(run({ from: { range: 20_000_000 }, steps })).rejects.toMatchObject({ code: "compute_memory", retryable: false, message });
  expect(await run({ from: { range: 3 }, steps })).toEqual({ count: 1, rows: [{ n: 2 }] });
});

test.each([
  ["an endless expression", { from: { range: 1 }, steps: [{ filter: "(() => { while (true); })()" }] }],
  [
    "a long declared step",
    { from: { range: 100_000_000 }, steps: [{ group: { aggregates: { n: { fn: "sum", column: "n" } } } }], to: { file: "never.csv" } },
  ],
])("an abort ends %s at once, and its slot is free again", async (_, params) => {
  const { run, abort, handler } = setup({ threadsMax: 1, batchMsMax: 60_000 });
  const running = run(params);
  const waiting = run({ from: { range: 1 } });
  setTimeout(() => abort.abort(new RunAborted("cancelled")), 300);
  await expect(running).rejects.toMatchObject({ code: "cancelled" });
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  expect(existsSync(join(dir, "never.csv"))).toBe(false);
  const context = { params: ComputeParamsSchema.parse({ from: { range: 1 } }), idempotencyKey: "r", signal: new AbortController().signal };
  expect(await handler.run(context as unknown as HandlerContext<ComputeParams>)).toEqual({ count: 1, rows: [{ n: 0 }] });
});

test("the event loop is not held up while rows are computed", async () => {
  const { run } = setup();
  let longestMs = 0;
  let last = performance.now();
  const look = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  await run({ from: { range: 3_000_000 }, steps: [{ group: { aggregates: { p99: { fn: "p99", column: "n" } } } }] });
  clearInterval(look);
  expect(longestMs).toBeLessThan(250);
});

test("the params have a JSON Schema", () => {
  const { handler } = setup();
  expect(JSON.stringify(toParamsSchema(handler))).toContain("RowCondition");
});
