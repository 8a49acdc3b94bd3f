import { expect, test } from "@jest/globals";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { newJob } from "@tickline/shared/testing/factories";
import { newDueRun } from "@tickline/shared/testing/factories-fire";
import fc from "fast-check";
import { chooseRuns } from "./choose-runs.ts";

const LIMITS = { runsMax: 10, paramsBytesMax: 1_000 };
const make = (runId: string, changes: Partial<DueRun> = {}): DueRun => ({
  ...newDueRun(newJob()),
  runId,
  jobUid: `job-of-${runId}`,
  exclusive: false,
  ...changes,
});
const choose = (runs: readonly DueRun[], limits: Partial<typeof LIMITS> = {}) =>
  chooseRuns(runs, { ...LIMITS, ...limits }).map(({ runId }) => runId);

test("the first runs are chosen, in their order, no more than were asked for", () => {
  const runs = ["a", "b", "c"].map((id) => make(id));
  expect(choose(runs)).toEqual(["a", "b", "c"]);
  expect(choose(runs, { runsMax: 2 })).toEqual(["a", "b"]);
  expect(choose([])).toEqual([]);
});

test("a run that was rescued twice is chosen alone, when it is the first", () => {
  expect(choose([make("bad", { rescues: 2 }), make("good")])).toEqual(["bad"]);
  expect(choose([make("good"), make("bad", { rescues: 2 }), make("better")])).toEqual(["good", "better"]);
  expect(choose([make("unlucky", { rescues: 1 }), make("good")])).toEqual(["unlucky", "good"]);
});

test("of one job no more than one executor may have", () => {
  const ofJob = (id: string, changes: Partial<DueRun>) => make(id, { jobUid: "same", ...changes });
  expect(choose([ofJob("a", { workersMax: 2 }), ofJob("b", { workersMax: 2 }), ofJob("c", { workersMax: 2 }), make("d")])).toEqual([
    "a",
    "b",
    "d",
  ]);
  expect(choose([ofJob("a", { exclusive: true }), ofJob("b", { exclusive: true }), make("c")])).toEqual(["a", "c"]);
});

test("their params have a limit, and one run is chosen whatever its params", () => {
  const long = (id: string) => make(id, { params: { text: "x".repeat(600) } });
  expect(choose([long("a"), long("b"), make("c")])).toEqual(["a"]);
  expect(choose([long("a")], { paramsBytesMax: 10 })).toEqual(["a"]);
});

test("whatever waits, some of it is chosen, each run once, within all limits", () => {
  const run = fc.record({
    jobUid: fc.constantFrom("a", "b", "c"),
    rescues: fc.integer({ min: 0, max: 3 }),
    exclusive: fc.boolean(),
    workersMax: fc.constantFrom(null, 1, 2),
    params: fc.record({ text: fc.string({ maxLength: 900 }) }),
  });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (changes, runsMax) => {
      const runs = changes.map((each, index) => make(`run-${index}`, each));
      const chosen = choose(runs, { runsMax });
      expect(new Set(chosen).size).toBe(chosen.length);
      expect(chosen.length).toBeLessThanOrEqual(runsMax);
      if (runs.length > 0) expect(chosen[0]).toBe("run-0");
    }),
  );
});
