import { expect, test } from "@jest/globals";
import type { Effect } from "../recorder/effect.ts";
import { findLateActs } from "./late-acts.ts";

const RESUMED_AT = 1_000;
const effect = (overrides: Partial<Effect>): Effect => ({
  order: 0,
  runId: "run",
  jobId: "job",
  attempt: 1,
  scheduledFor: 0,
  mark: "a",
  startedAt: RESUMED_AT + 1,
  endedAt: RESUMED_AT + 2,
  outcome: "aborted",
  status: null,
  ...overrides,
});
const newer = effect({ attempt: 2, startedAt: 900, outcome: "answered", status: 200 });

test.each<[string, Partial<Effect>]>([
  ["is given up", {}],
  ["is answered before that", { outcome: "answered", status: 200 }],
])("an older attempt that starts behind a newer one, and %s, is a late act", (_, ending) => {
  const late = effect(ending);
  expect(findLateActs([newer, late], RESUMED_AT)).toEqual([late]);
});

test.each<[string, Effect[]]>([
  ["one that had started before", [effect({ startedAt: 800 }), newer, effect({})]],
  ["one long after that", [newer, effect({ startedAt: RESUMED_AT + 5_001 })]],
  ["one before anybody went on", [newer, effect({ startedAt: RESUMED_AT - 1 })]],
  ["the same attempt once more", [newer, effect({ attempt: 2 })]],
  ["one of another run", [newer, effect({ runId: "another" })]],
  ["one before the newer one", [effect({}), newer]],
])("%s is none", (_, effects) => {
  expect(findLateActs(effects, RESUMED_AT)).toEqual([]);
});
