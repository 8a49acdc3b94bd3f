import { expect, test } from "@jest/globals";
import { shareTable, verdictLine } from "./load-tables.ts";
import type { LoadResult } from "./shared-load.ts";

const CLEAN = { owed: 30, succeeded: 30, lost: 0, doubled: 0, strange: 0, otherwise: 0, twoEffects: 0, unmatched: 0 };
const makeResult = (verdict: typeof CLEAN) => ({ verdict, replayed: 3, claimsRefused: 3, firesRefused: 0 }) as LoadResult;

test("a share is one among those of the same work", () => {
  const table = shareTable([
    { name: "scheduler 1", of: "fires", count: 30 },
    { name: "scheduler 2", of: "fires", count: 10 },
    { name: "executor 1", of: "attempts", count: 40 },
  ]);
  expect(table).toMatch(/scheduler 1 .*75\.0%.*50\.0%/);
  expect(table).toMatch(/executor 1 .*100\.0%.*100\.0%/);
});

test("a clean load is said to be one, and any fault stands out by name", () => {
  expect(verdictLine(makeResult(CLEAN))).toContain("none lost, none doubled");
  expect(verdictLine(makeResult({ ...CLEAN, lost: 2, twoEffects: 1 }))).toContain("**lost 2, twoEffects 1**");
});
