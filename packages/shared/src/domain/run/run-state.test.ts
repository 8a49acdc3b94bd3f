import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { BORN_STATES, canBecome, isTerminal, RUN_STATES, RUN_TRANSITIONS, type RunState, stateRank } from "./run-state.ts";

test("every transition there is", () => {
  const pairs = RUN_STATES.flatMap((from) => RUN_STATES.filter((to) => canBecome(from, to)).map((to) => `${from} -> ${to}`));
  expect(pairs.sort()).toEqual(
    [
      "due -> running",
      "due -> cancelled",
      "due -> failed",
      "due -> skipped",
      "running -> succeeded",
      "running -> failed",
      "running -> cancelled",
      "running -> lost",
      "running -> retrying",
      "running -> due",
      "retrying -> due",
      "retrying -> cancelled",
    ].sort(),
  );
});

test("a state is open or terminal, and never both", () => {
  for (const state of RUN_STATES) expect(isTerminal(state)).toBe(!["due", "running", "retrying"].includes(state));
});

test("no state becomes itself", () => {
  for (const state of RUN_STATES) expect(canBecome(state, state)).toBe(false);
});

test("every state is reached from those that may be born", () => {
  const reached = new Set<RunState>(BORN_STATES);
  for (const state of reached) for (const next of RUN_TRANSITIONS[state]) reached.add(next);
  expect([...reached].sort()).toEqual([...RUN_STATES].sort());
});

test("nothing is missed that has been due, and nothing is skipped that has run", () => {
  for (const state of RUN_STATES) expect(canBecome(state, "missed")).toBe(false);
  expect(RUN_STATES.filter((state) => canBecome(state, "skipped"))).toEqual(["due"]);
});

test("whatever happens to a run, within an attempt the rank rises, and the end is the end", () => {
  fc.assert(
    fc.property(fc.constantFrom(...BORN_STATES), fc.array(fc.nat(5), { maxLength: 30 }), (born, choices) => {
      let state: RunState = born;
      for (const choice of choices) {
        const nexts: readonly RunState[] = RUN_TRANSITIONS[state];
        if (nexts.length === 0) expect(isTerminal(state)).toBe(true);
        const next: RunState | undefined = nexts[choice % Math.max(1, nexts.length)];
        if (next === undefined) return;
        // `due` again is the next attempt, which counts before the rank does.
        if (next !== "due") expect(stateRank(next)).toBeGreaterThan(stateRank(state));
        state = next;
      }
    }),
  );
});

test("all ends have one rank: of two ends of one attempt the first stands", () => {
  expect(new Set(RUN_STATES.filter(isTerminal).map(stateRank)).size).toBe(1);
});
