import { expect, test } from "@jest/globals";
import { MISFIRE_COUNT_MAX, MisfirePolicySchema, misfiresKept } from "./misfire.ts";

const DEFAULTS = { policy: "one", maxLatenessMs: 86_400_000, maxCount: 100 };

test("a bare string is the policy, with the defaults of the rest", () => {
  for (const policy of ["skip", "one", "all"]) expect(MisfirePolicySchema.parse(policy)).toEqual({ ...DEFAULTS, policy });
});

test("an object fills in what it leaves out", () => {
  expect(MisfirePolicySchema.parse({})).toEqual(DEFAULTS);
  expect(MisfirePolicySchema.parse({ policy: "all", maxCount: 5 })).toEqual({ ...DEFAULTS, policy: "all", maxCount: 5 });
  expect(MisfirePolicySchema.parse({ maxLatenessMs: 0 })).toEqual({ ...DEFAULTS, maxLatenessMs: 0 });
});

test.each([
  "none",
  "",
  null,
  1,
  [],
  { policy: "two" },
  { maxLatenessMs: -1 },
  { maxCount: 0 },
  { maxCount: MISFIRE_COUNT_MAX + 1 },
  { maxCount: 1.5 },
  { count: 1 },
])("refused: %j", (input) => {
  expect(MisfirePolicySchema.safeParse(input).success).toBe(false);
});

test("skip keeps none, one keeps one, all keeps its maxCount", () => {
  expect(misfiresKept({ policy: "skip", maxLatenessMs: 0, maxCount: 7 })).toBe(0);
  expect(misfiresKept({ policy: "one", maxLatenessMs: 0, maxCount: 7 })).toBe(1);
  expect(misfiresKept({ policy: "all", maxLatenessMs: 0, maxCount: 7 })).toBe(7);
});
