import { test } from "@jest/globals";
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, type JsonValue } from "@tickline/shared/domain/json/json";
import { compareValues } from "./compare-values.ts";
import type { Row } from "./row.ts";
import { applySteps } from "./apply-steps.test-support.ts";

const value = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom("", "a", "b", "1"),
  fc.constantFrom<JsonValue>([], [1], { a: 1 }),
);
const rows = fc.array(
  fc.record({ k: value, l: value, n: fc.option(fc.integer({ min: -1_000, max: 1_000 })) }, { requiredKeys: ["n"], noNullPrototype: true }),
  {
    maxLength: 40,
  },
);
const full = fc.array(fc.record({ k: value, l: value, n: fc.integer({ min: -1_000, max: 1_000 }) }, { noNullPrototype: true }), {
  maxLength: 40,
});

const run = (given: readonly Row[], steps: unknown, sources = {}) => applySteps(given, steps, sources);
const sum = (given: readonly Row[], column: string): number => given.reduce((total, row) => total + Number(row[column] ?? 0), 0);

test("the sums and counts of groups add up to those of all rows, and no two groups have the same key", () => {
  fc.assert(
    fc.property(full, (given) => {
      const groups = run(given, [{ group: { by: ["k", "l"], aggregates: { sum: { fn: "sum", column: "n" }, count: { fn: "count" } } } }]);
      assert.equal(sum(groups, "sum"), sum(given, "n"));
      assert.equal(sum(groups, "count"), given.length);
      assert.equal(new Set(groups.map(({ k, l }) => canonicalJson([k ?? null, l ?? null]))).size, groups.length);
    }),
  );
});

test("sort is a stable permutation in the order of its columns", () => {
  fc.assert(
    fc.property(full, (given) => {
      const numbered = given.map((row, at) => ({ ...row, at }));
      const sorted = run(numbered, [{ sort: [{ column: "k", order: "desc", nulls: "first" }, "l"] }]);
      assert.deepEqual(new Set(sorted.map(({ at }) => at)), new Set(numbered.map(({ at }) => at)));
      assert.equal(sorted.length, numbered.length);
      for (let at = 1; at < sorted.length; at += 1) {
        const [before, after] = [sorted[at - 1] ?? {}, sorted[at] ?? {}];
        const byK = nullsFirst(before["k"] ?? null, after["k"] ?? null);
        const byL = nullsLast(before["l"] ?? null, after["l"] ?? null);
        assert.ok(byK < 0 || (byK === 0 && (byL < 0 || (byL === 0 && Number(before["at"]) < Number(after["at"])))));
      }
    }),
  );
  function nullsFirst(left: JsonValue, right: JsonValue): number {
    return left === null || right === null ? Number(right === null) * 1 - Number(left === null) : -compareValues(left, right);
  }
  function nullsLast(left: JsonValue, right: JsonValue): number {
    return left === null || right === null ? Number(left === null) - Number(right === null) : compareValues(left, right);
  }
});

test("joins equal the nested loop", () => {
  fc.assert(
    fc.property(full, full, fc.constantFrom("inner" as const, "left" as const), (given, others, kind) => {
      const joined = run(given, [{ join: { with: "others", on: { k: "k", l: "l" }, kind, prefix: "o." } }], { others });
      const expected = given.flatMap((row): Row[] => {
        const matches = others
          .filter(({ k, l }) => same(row["k"], k) && same(row["l"], l))
          .map((other) => ({ ...row, "o.n": other["n"] ?? null }));
        const none = others.length > 0 ? { ...row, "o.n": null } : row;
        return matches.length === 0 && kind === "left" ? [none] : matches;
      });
      assert.deepEqual(joined, expected);
    }),
  );
  function same(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
    return (left ?? null) !== null && (right ?? null) !== null && canonicalJson(left) === canonicalJson(right);
  }
});

test("a percentile lies between two neighbours of the sorted values, and stddev is that of the definition", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 2 }),
      fc.integer({ min: 0, max: 100 }),
      (numbers, p) => {
        const aggregates = { p: { fn: `p${p}`, column: "n" }, spread: { fn: "stddev", column: "n" } };
        const [{ p: got = null, spread = null } = {}] = run(
          numbers.map((n) => ({ n })),
          [{ group: { aggregates } }],
        );
        const sorted = numbers.toSorted((left, right) => left - right);
        const at = (p / 100) * (sorted.length - 1);
        const tolerance = 1e-9 * Math.max(...numbers.map(Math.abs));
        assert.ok(Number(got) >= (sorted[Math.floor(at)] ?? NaN) - tolerance && Number(got) <= (sorted[Math.ceil(at)] ?? NaN) + tolerance);
        const mean = numbers.reduce((total, n) => total + n, 0) / numbers.length;
        const variance = numbers.reduce((total, n) => total + (n - mean) ** 2, 0) / (numbers.length - 1);
        assert.ok(Math.abs(Number(spread) - Math.sqrt(variance)) <= 1e-6 * (1 + Math.sqrt(variance)));
      },
    ),
  );
});

test("a filter and its negation divide the rows; distinct keeps one row of each group", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: -1_000, max: 1_000 }), (given, bound) => {
      const condition = { column: "n", op: "lt", value: bound };
      const kept = run(given, [{ filter: condition }]);
      const dropped = run(given, [{ filter: { not: condition } }]);
      assert.equal(kept.length + dropped.length, given.length);
      assert.ok(kept.every(({ n }) => Number(n) < bound));
      const known = given.map(({ k = null, n }) => ({ k, n }));
      assert.equal(run(known, [{ distinct: ["k"] }]).length, run(known, [{ group: { by: ["k"] } }]).length);
    }),
  );
});
