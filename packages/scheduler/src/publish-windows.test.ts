import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { DueRun } from "@tickline/shared/domain/due-run";
import { createPublishWindows } from "./publish-windows.ts";

const WINDOW = 4;
const attemptOf = (runId: string, attempt = 1) => ({ runId, attempt }) as DueRun;
const runsOf = (...runIds: readonly string[]) => runIds.map((runId) => attemptOf(runId));
const windowsOf = (told: string[] = []) => createPublishWindows(WINDOW, () => void told.push("room"));
const countOf = (windows: ReturnType<typeof windowsOf>) => Object.fromEntries(windows.unclaimed());

test("a claim of a run handed over since the count makes room", () => {
  const windows = windowsOf();
  windows.publishing("default", runsOf("a", "b"));
  expect(windows.room("default")).toBe(2);
  windows.claimed("default", attemptOf("a"));
  expect([windows.room("default"), countOf(windows)]).toEqual([3, { default: 1 }]);
});

test("a claim that the count may have known of makes none, though fewer are likely to be unclaimed", () => {
  const windows = windowsOf();
  windows.publishing("default", runsOf("a", "b"));
  windows.counted({ default: 1 });
  windows.claimed("default", attemptOf("a"));
  expect([windows.room("default"), countOf(windows)]).toEqual([3, { default: 0 }]);
});

test("claims of runs that were never handed over here are nothing to it", () => {
  const windows = windowsOf();
  windows.publishing("default", runsOf("a"));
  windows.claimed("default", attemptOf("claimed-by-its-fire"));
  windows.claimed("other", attemptOf("a"));
  expect([windows.room("default"), countOf(windows)]).toEqual([3, { default: 1 }]);
});

test("who waits for room is told once half of it is free, at once if it is already", () => {
  const told: string[] = [];
  const windows = windowsOf(told);
  windows.publishing("default", runsOf("a", "b", "c", "d"));
  windows.full("default");
  windows.claimed("default", attemptOf("a"));
  expect(told).toEqual([]);
  windows.claimed("default", attemptOf("b"));
  expect(told).toEqual(["room"]);
  windows.full("default");
  expect(told).toEqual(["room", "room"]);
});

test("it is in use until a count says that nothing is unclaimed", () => {
  const windows = windowsOf();
  expect(windows.inUse()).toBe(false);
  windows.publishing("default", runsOf("a"));
  expect(windows.inUse()).toBe(true);
  windows.counted({ default: 1 });
  windows.claimed("default", attemptOf("a"));
  expect(windows.inUse()).toBe(true);
  windows.counted({});
  expect(windows.inUse()).toBe(false);
});

test("a claim of another attempt is nothing to it", () => {
  const windows = windowsOf();
  windows.publishing("default", [attemptOf("a", 2)]);
  windows.claimed("default", attemptOf("a", 1));
  expect([windows.room("default"), windows.holds("default", attemptOf("a", 2))]).toEqual([3, true]);
});

test("a window that is full, or whose runs the bus refused, is closed until the next look", () => {
  const windows = windowsOf();
  windows.full("default");
  windows.publishing("high", runsOf("a"));
  windows.refused("high", runsOf("a"));
  windows.counted({});
  expect(["default", "high", "low"].filter(windows.isClosed)).toEqual(["default", "high"]);
  windows.looking();
  expect(["default", "high", "low"].filter(windows.isClosed)).toEqual([]);
});

test("what the bus refused takes no place, and makes nobody look for room", () => {
  const told: string[] = [];
  const windows = windowsOf(told);
  windows.publishing("default", runsOf("a", "b"));
  windows.refused("default", runsOf("a", "b"));
  expect([windows.room("default"), windows.holds("default", attemptOf("a")), countOf(windows), told]).toEqual([
    4,
    false,
    { default: 0 },
    [],
  ]);
});

test("what was claimed of a batch that the bus called refused gives its place back once", () => {
  const windows = windowsOf();
  windows.publishing("default", runsOf("earlier", "a", "b"));
  windows.claimed("default", attemptOf("a"));
  windows.refused("default", runsOf("a", "b"));
  expect([windows.room("default"), countOf(windows)]).toEqual([3, { default: 1 }]);
});

test("it holds what was handed over until its claim is heard of, and no more than a window", () => {
  const windows = windowsOf();
  windows.publishing("default", runsOf("a", "b", "c", "d"));
  windows.claimed("default", attemptOf("b"));
  windows.publishing("default", runsOf("a", "e", "f"));
  expect(["a", "b", "c", "d", "e", "f"].filter((runId) => windows.holds("default", attemptOf(runId)))).toEqual(["a", "d", "e", "f"]);
});

test("whatever is counted, claimed and heard late, what has room never overfills the window", () => {
  const steps = fc.array(fc.constantFrom("hand over", "claim", "hear", "count", "count late"), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (plan) => {
      const windows = windowsOf();
      const unclaimed = new Set<string>();
      const unheard: string[] = [];
      let made = 0;
      for (const step of plan) {
        const [oldest] = unclaimed;
        if (step === "hand over" && windows.room("default") > 0) {
          const runId = `run-${(made += 1)}`;
          windows.publishing("default", runsOf(runId));
          unclaimed.add(runId);
        } else if (step === "claim" && oldest !== undefined) {
          unclaimed.delete(oldest);
          unheard.push(oldest);
        } else if (step === "hear") {
          windows.claimed("default", attemptOf(unheard.shift() ?? "nobody's"));
        } else if (step === "count") {
          windows.counted({ default: unclaimed.size });
        } else if (step === "count late" && oldest !== undefined) {
          // One is claimed after the store has counted it, and before its answer is here.
          const count = unclaimed.size;
          unclaimed.delete(oldest);
          unheard.push(oldest);
          windows.counted({ default: count });
        }
        expect(unclaimed.size).toBeLessThanOrEqual(WINDOW);
      }
    }),
  );
});
