import { expect, test } from "@jest/globals";
import type { Row } from "./row.ts";
import type { RowSources } from "./row-sink.ts";
import { applySteps } from "./apply-steps.test-support.ts";
import { StepSchema } from "./steps.ts";

const ORDERS: readonly Row[] = [
  { id: 1, customer: "a", country: "DE", total: 10, tags: ["new", "big"] },
  { id: 2, customer: "b", country: "FR", total: 20.5, tags: [] },
  { id: 3, customer: "a", country: "DE", total: null, tags: ["big"] },
  { id: 4, customer: "c", country: "de", total: -4, tags: null },
  { id: 5, customer: null, country: "FR", total: 20.5 },
];
const CUSTOMERS: readonly Row[] = [
  { id: "a", name: "Ada" },
  { id: "b", name: "Bo" },
  { id: "b", name: "Bea" },
  { id: null, name: "nobody" },
];

const run = (rows: readonly Row[], steps: unknown, sources: RowSources = {}) => applySteps(rows, steps, sources);
const idsOf = (filter: unknown) => run(ORDERS, [{ filter }]).map(({ id }) => id);

test.each([
  [{ column: "country", op: "eq", value: "DE" }, [1, 3]],
  [{ column: "country", op: "ne", value: "DE" }, [2, 4, 5]],
  [{ column: "total", op: "eq", value: null }, [3]],
  [{ column: "tags", op: "eq", value: null }, [4, 5]], // A missing column is null.
  [{ column: "tags", op: "eq", value: ["new", "big"] }, [1]],
  [{ column: "total", op: "lt", value: 10 }, [4]],
  [{ column: "total", op: "le", value: 10 }, [1, 4]],
  [{ column: "total", op: "gt", value: 10 }, [2, 5]],
  [{ column: "total", op: "ge", value: 10 }, [1, 2, 5]],
  [{ column: "total", op: "gt", value: "0" }, []], // Neither less nor greater: other kinds.
  [{ column: "country", op: "gt", value: "DE" }, [2, 4, 5]], // Code units: lower case follows upper case.
  [{ column: "country", op: "in", value: ["FR", 7, null] }, [2, 5]],
  [{ column: "customer", op: "in", value: [null] }, [5]],
  [{ column: "country", op: "contains", value: "R" }, [2, 5]],
  [{ column: "tags", op: "contains", value: "big" }, [1, 3]],
  [{ column: "total", op: "contains", value: 1 }, []],
  [{ column: "tags", op: "exists" }, [1, 2, 3]],
  [{ column: "tags", op: "exists", value: false }, [4, 5]],
  [{ column: "never", op: "exists" }, []],
  [
    {
      and: [
        { column: "country", op: "eq", value: "DE" },
        { column: "total", op: "exists" },
      ],
    },
    [1],
  ],
  [
    {
      or: [
        { column: "id", op: "eq", value: 1 },
        { column: "id", op: "eq", value: 4 },
      ],
    },
    [1, 4],
  ],
  [{ not: { column: "country", op: "eq", value: "DE" } }, [2, 4, 5]],
  [{ and: [] }, [1, 2, 3, 4, 5]],
  [{ or: [] }, []],
])("filter %j keeps %j", (filter, ids) => {
  expect(idsOf(filter)).toEqual(ids);
});

test.each([
  ["count", undefined, 5],
  ["count", "total", 4],
  ["countDistinct", "total", 3],
  ["countDistinct", "tags", 3],
  ["sum", "total", 47],
  ["mean", "total", 11.75],
  ["min", "total", -4],
  ["max", "total", 20.5],
  ["min", "country", "DE"],
  ["max", "country", "de"],
  ["median", "total", 15.25],
  ["p0", "total", -4],
  ["p50", "total", 15.25],
  ["p90", "total", 20.5],
  ["p25", "total", 6.5],
  ["p100", "total", 20.5],
  ["p99.9", "id", 4.996],
  ["first", "customer", "a"],
  ["last", "customer", null],
  ["last", "tags", null],
])("%s of %s is %j", (fn, column, value) => {
  const [row] = run(ORDERS, [{ group: { aggregates: { result: { fn, column } } } }]);
  const { result } = row ?? {};
  if (typeof value === "number") expect(result).toBeCloseTo(value, 10);
  else expect(result).toEqual(value);
});

test("stddev is that of a sample, and needs two values", () => {
  const spread = (values: readonly (number | null)[]) =>
    run(
      values.map((value) => ({ value })),
      [{ group: { aggregates: { spread: { fn: "stddev", column: "value" } } } }],
    );
  expect(spread([2, 4, 4, 4, 5, 5, 7, 9, null])[0]?.["spread"]).toBeCloseTo(2.13808993529939, 12);
  expect(spread([3])).toEqual([{ spread: null }]);
});

test("groups come in the order of their first rows; null and missing are one group, the text 1 and the number 1 are two", () => {
  const rows: Row[] = [
    { key: 1, n: 1 },
    { key: "1", n: 2 },
    { n: 3 },
    { key: null, n: 4 },
    { key: { b: 1, a: 2 }, n: 5 },
    { key: { a: 2, b: 1 }, n: 6 },
  ];
  expect(run(rows, [{ group: { by: ["key"], aggregates: { sum: { fn: "sum", column: "n" } } } }])).toEqual([
    { key: 1, sum: 1 },
    { key: "1", sum: 2 },
    { key: null, sum: 7 },
    { key: { b: 1, a: 2 }, sum: 11 },
  ]);
});

test("no rows are one group if they are not grouped by a column, and no group otherwise", () => {
  const aggregates = {
    n: { fn: "count" },
    sum: { fn: "sum", column: "x" },
    mean: { fn: "mean", column: "x" },
    top: { fn: "p99", column: "x" },
  };
  expect(run([], [{ group: { aggregates } }])).toEqual([{ n: 0, sum: 0, mean: null, top: null }]);
  expect(run([], [{ group: { by: ["a"], aggregates } }])).toEqual([]);
});

test("a sum keeps what single additions lose", () => {
  const rows = [1e16, 1, 1, -1e16].map((value) => ({ value }));
  expect(run(rows, [{ group: { aggregates: { sum: { fn: "sum", column: "value" } } } }])).toEqual([{ sum: 2 }]);
});

test("inner and left joins; null matches nothing; several matches make several rows", () => {
  const orders = ORDERS.map(({ id, customer }) => ({ order: id ?? null, customer: customer ?? null }));
  const join = { with: "customers", on: { customer: "id" } };
  const inner = [
    { order: 1, customer: "a", name: "Ada" },
    { order: 2, customer: "b", name: "Bo" },
    { order: 2, customer: "b", name: "Bea" },
    { order: 3, customer: "a", name: "Ada" },
  ];
  const left = [...inner, { order: 4, customer: "c", name: null }, { order: 5, customer: null, name: null }];
  expect(run(orders, [{ join }], { customers: CUSTOMERS })).toEqual(inner);
  expect(run(orders, [{ join: { ...join, kind: "left" } }], { customers: CUSTOMERS })).toEqual(left);
  expect(run(orders, [{ join: { ...join, prefix: "customer." } }, { limit: 1 }], { customers: CUSTOMERS })).toEqual([
    { order: 1, customer: "a", "customer.name": "Ada" },
  ]);
  expect(run(orders, [{ join: { ...join, kind: "left" } }, { limit: 1 }], { customers: [] })).toEqual([{ order: 1, customer: "a" }]);
});

test("sort: several columns, both orders, nulls where they are wanted, kinds apart", () => {
  const rows: Row[] = [{ a: 2, b: 1 }, { a: null, b: 2 }, { a: 1, b: 3 }, { a: "1", b: 4 }, { a: 2, b: 5 }, { b: 6 }, { a: false, b: 7 }];
  const order = (sort: unknown) => run(rows, [{ sort }]).map(({ b }) => b);
  expect(order(["a"])).toEqual([7, 3, 1, 5, 4, 2, 6]);
  expect(order([{ column: "a", order: "desc" }])).toEqual([4, 1, 5, 3, 7, 2, 6]);
  expect(order([{ column: "a", order: "desc", nulls: "first" }])).toEqual([2, 6, 4, 1, 5, 3, 7]);
  expect(order(["a", { column: "b", order: "desc" }])).toEqual([7, 3, 5, 1, 4, 6, 2]);
});

test("select copies, renames and adds constants, in its own order; a value that a row lacks is null", () => {
  const select = ["total", { column: "id", as: "order" }, { constant: { kind: 1 }, as: "source" }, "tags"];
  expect(run(ORDERS.slice(3), [{ select }]).map((row) => JSON.stringify(row))).toEqual([
    '{"total":-4,"order":4,"source":{"kind":1},"tags":null}',
    '{"total":20.5,"order":5,"source":{"kind":1},"tags":null}',
  ]);
});

test("convert makes numbers of texts and texts of numbers", () => {
  const rows: Row[] = [{ n: " -1.50e1 ", t: 7 }, { n: "", t: true }, { n: null, t: "x" }, { n: true, t: [1] }, { t: null }];
  expect(run(rows, [{ convert: { n: "number", t: "text" } }])).toEqual([
    { n: -15, t: "7" },
    { n: null, t: "true" },
    { n: null, t: "x" },
    { n: 1, t: "[1]" },
    { t: null },
  ]);
});

test("distinct keeps first rows, limit the first of all, and a limit stops what is before it", () => {
  expect(run(ORDERS, [{ distinct: ["country"] }]).map(({ id }) => id)).toEqual([1, 2, 4]);
  expect(run(ORDERS, [{ limit: 2 }]).map(({ id }) => id)).toEqual([1, 2]);
  expect(run(ORDERS, [{ limit: 0 }])).toEqual([]);
  let made = 0;
  function* endless(): Iterable<Row> {
    for (;;) yield { n: (made += 1) };
  }
  const rows = applySteps(endless(), [{ filter: { column: "n", op: "gt", value: 10 } }, { limit: 3 }]);
  expect(rows).toEqual([{ n: 11 }, { n: 12 }, { n: 13 }]);
  expect(made).toBeLessThanOrEqual(14);
});

test("steps follow one another", () => {
  const steps = [
    { filter: { column: "total", op: "exists" } },
    { join: { with: "customers", on: { customer: "id" }, kind: "left" } },
    { group: { by: ["country"], aggregates: { orders: { fn: "count" }, revenue: { fn: "sum", column: "total" } } } },
    { sort: [{ column: "revenue", order: "desc" }] },
    { limit: 2 },
  ];
  expect(run(ORDERS, steps, { customers: CUSTOMERS })).toEqual([
    { country: "FR", orders: 3, revenue: 61.5 },
    { country: "DE", orders: 1, revenue: 10 },
  ]);
});

const COLUMNS = 'the columns are "id", "customer", "country", "total", "tags"';
test.each([
  [[{ filter: { not: { column: "contry", op: "eq", value: 1 } } }], `step 1 (filter): no row has the column "contry"; ${COLUMNS}`],
  [[{ limit: 3 }, { select: ["contry", "id"] }], `step 2 (select): no row has the column "contry"; ${COLUMNS}`],
  [[{ group: { by: ["a", "b"] } }], `step 1 (group): no row has the columns "a", "b"; ${COLUMNS}`],
  [[{ sort: ["totl"] }], `step 1 (sort): no row has the column "totl"; ${COLUMNS}`],
  [[{ sort: ["toString"] }], `step 1 (sort): no row has the column "toString"; ${COLUMNS}`],
  [[{ distinct: ["totl"] }], `step 1 (distinct): no row has the column "totl"; ${COLUMNS}`],
  [[{ convert: { totl: "number" } }], `step 1 (convert): no row has the column "totl"; ${COLUMNS}`],
  [[{ convert: { country: "number" } }], 'step 1 (convert): row 1 has "DE" in "country", which is no number'],
  [
    [{ group: { aggregates: { x: { fn: "sum", column: "country" } } } }],
    'step 1 (group): sum of "country" takes numbers, but row 1 has "DE"; filter such rows, or use "convert" before',
  ],
  [[{ group: { aggregates: { x: { fn: "sum" } } } }], 'step 1 (group): the aggregate "x" (sum) needs a "column"'],
  [[{ join: { with: "nobody", on: { id: "id" } } }], 'step 1 (join): there is no source "nobody"; the sources are "customers"'],
  [[{ join: { with: "toString", on: { id: "id" } } }], 'step 1 (join): there is no source "toString"; the sources are "customers"'],
  [
    [{ join: { with: "customers", on: { customer: "ident" } } }],
    'step 1 (join), source "customers": no row has the column "ident"; the columns are "id", "name"',
  ],
  [[{ join: { with: "customers", on: { custmer: "id" } } }], `step 1 (join): no row has the column "custmer"; ${COLUMNS}`],
  [
    [{ join: { with: "customers", on: { customer: "name" }, kind: "left" } }],
    'step 1 (join): both have the column "id"; give the columns of "customers" a "prefix"',
  ],
])("%j fails: %s", (steps, message) => {
  expect(() => run(ORDERS, steps, { customers: CUSTOMERS })).toThrow(
    expect.objectContaining({ code: "bad_rows", retryable: false, message }),
  );
});

test("a result that no JSON number can hold is a fault", () => {
  const steps = [{ group: { aggregates: { x: { fn: "sum", column: "n" } } } }];
  expect(() => run([{ n: 1.7e308 }, { n: 1.7e308 }], steps)).toThrow('step 1 (group): sum of "n": the result is larger than');
});

test.each([
  [{}, "must have exactly one of filter, select, convert, group, join, sort, distinct, limit"],
  [{ limit: 1, distinct: ["a"] }, "must have exactly one of"],
  [{ grup: { by: [] } }, "grup"],
  [{ select: ["__proto__"] }, "is no name for a column"],
  [{ group: { aggregates: { x: { fn: "avg", column: "n" } } } }, "must be one of count, countDistinct, sum, mean"],
  [{ group: { aggregates: { x: { fn: "p101", column: "n" } } } }, "a percentile from p0 to p100"],
  [{ limit: -1 }, "limit"],
  [{ filter: { column: "a", op: "like", value: 1 } }, '"path":["filter","op"]'],
  [{ filter: { column: "a", op: "gt", value: null } }, "of gt must be a number or a text"],
  [{ filter: { column: "a", op: "in", value: 1 } }, "of in must be a list of at most 1000"],
  [{ filter: { column: "a", op: "exists", value: 1 } }, "of exists must be true or false"],
  [{ filter: { column: "a", op: "eq" } }, "eq needs a"],
  [{ filter: { op: "eq", value: 1 } }, "a comparison needs"],
  [{ filter: {} }, "must be a comparison with"],
  [{ filter: { and: [], or: [] } }, "must be a comparison with"],
  [{ filter: { not: { column: "a", op: "exists" }, value: 1 } }, "must be a comparison with"],
])("%j is no step: %s", (step, message) => {
  const { error } = StepSchema.safeParse(step);
  expect(JSON.stringify(error?.issues)).toContain(message);
});
