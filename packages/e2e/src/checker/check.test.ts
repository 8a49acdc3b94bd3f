import { describe, expect, test } from "@jest/globals";
import type { Effect } from "../recorder/effect.ts";
import { check } from "./check.ts";
import type { FinalJob, History, RunRow, Sighting } from "./history.ts";
import { effect, keptHistory, row, makeSighting } from "./planted-history.test-support.ts";

test("a history in which every promise was kept has no violations", () => {
  expect(check(keptHistory())).toEqual([]);
});

const withRow = (id: string, change: Partial<RunRow>) => (kept: History) => ({
  ...kept,
  rows: kept.rows.map((one) => (one.id === id ? { ...one, ...change } : one)),
});
const withoutRow = (id: string) => (kept: History) => ({ ...kept, rows: kept.rows.filter((one) => one.id !== id) });
const withEffect = (planted: Effect) => (kept: History) => ({ ...kept, effects: [...kept.effects, planted] });
const withoutEffects = (runId: string) => (kept: History) => ({ ...kept, effects: kept.effects.filter((one) => one.runId !== runId) });
const changedEffect = (runId: string, change: Partial<Effect>) => (kept: History) => ({
  ...kept,
  effects: kept.effects.map((one) => (one.runId === runId ? { ...one, ...change } : one)),
});
const withJob = (id: string, change: Partial<FinalJob>) => (kept: History) => ({
  ...kept,
  jobs: kept.jobs.map((one) => (one.id === id ? { ...one, ...change } : one)),
});
const withSightings =
  (...planted: Sighting[]) =>
  (kept: History) => ({ ...kept, sightings: [...kept.sightings, ...planted] });
const both =
  (...plants: ((kept: History) => History)[]) =>
  (kept: History) =>
    plants.reduce((history, plant) => plant(history), kept);

describe("each broken promise is found", () => {
  test.each<[string, string, (kept: History) => History]>([
    ["I1", "an instant without a run or a record", both(withoutRow("a-2500"), withoutEffects("a-2500"))],
    ["I1", "an instant right before an acknowledged edit", both(withoutRow("a-3000"), withoutEffects("a-3000"))],
    ["I1", "a run that says succeeded and called no target", withoutEffects("a-2500")],
    ["I1", "a run that says failed and called no target", both(withRow("a-2500", { state: "failed" }), withoutEffects("a-2500"))],
    ["I1", "a pause without its record", withoutRow("a-5000")],
    ["I1", "a pause whose record counts wrongly", withRow("a-5000", { count: 2 })],
    ["I1", "a pause whose record is too short", withRow("a-5000", { count: 2, scheduledForLast: 5500 })],
    [
      "I1",
      "an instant skipped as overlapping though that is allowed",
      both(withRow("a-2500", { state: "skipped", reason: "overlap" }), withoutEffects("a-2500")),
    ],
    [
      "I1",
      "an instant skipped as paused while the job was active",
      both(withRow("a-2500", { state: "skipped", reason: "paused" }), withoutEffects("a-2500")),
    ],
    [
      "I1",
      "an instant missed without any outage",
      both(withRow("a-2500", { state: "missed", reason: "misfire" }), withoutEffects("a-2500")),
    ],
    [
      "I1",
      "an instant skipped for overlap before any run of its job had started",
      both(
        withRow("c-2100", { state: "skipped", reason: "overlap", scheduledFor: -60_000 }),
        withoutEffects("c-2100"),
        withEffect(effect("c", 2600, { mark: "c1" })),
      ),
    ],
    [
      "I11",
      "a run of an exclusive job before an older one",
      both(
        withEffect(effect("c", 2_600, { mark: "c1", startedAt: 2_700 })),
        withEffect(effect("c", 2_650, { mark: "c1", startedAt: 2_660 })),
      ),
    ],
    ["I11", "two runs of an exclusive job at once", withEffect(effect("c", 2115, { mark: "c1", runId: "manual-2", endedAt: 2_600 }))],
    ["I1", "a run lost though its job wants it run again", withRow("a-2500", { state: "lost" })],
    ["I1", "a run that no request cancelled", withRow("b-2700", { state: "cancelled" })],
    ["I1", "a skipped run that called its target", withRow("c-2100", { state: "skipped", reason: "overlap" })],
    ["I2", "two runs that called their targets for one instant", withEffect(effect("a", 2500, { mark: "a1", runId: "other" }))],
    ["I2", "two records of one instant", (kept) => ({ ...kept, rows: [...kept.rows, row("a", 2500, { id: "other" })] })],
    [
      "I2",
      "a record of an instant that a range already counts",
      (kept) => ({ ...kept, rows: [...kept.rows, row("a", 5500, { state: "skipped", reason: "paused" })] }),
    ],
    ["I2", "a run id that means two instants", changedEffect("a-3000", { runId: "a-2500" })],
    ["I2", "a run off the grid", withEffect(effect("b", 2333, { mark: "b1" }))],
    ["I2", "a run of a job that no request made", withEffect(effect("x", 2000, {}))],
    ["I3", "a start before its instant", changedEffect("a-2500", { startedAt: 2499 })],
    ["I3", "a start without an instant", changedEffect("a-2500", { scheduledFor: Number.NaN })],
    ["I4", "an attempt that starts twice", withEffect(effect("a", 2500, { mark: "a1", startedAt: 2600 }))],
    ["I4", "an attempt number that falls", changedEffect("c-2100", { attempt: 1 })],
    [
      "I4",
      "an attempt that starts while the one before is under way",
      both(changedEffect("a-7500", { endedAt: 7900 }), withEffect(effect("a", 7500, { mark: "a2", attempt: 2, startedAt: 7600 }))),
    ],
    ["G4", "an uncertain attempt that is run again", withEffect(effect("b", 2200, { mark: "b1", attempt: 2, startedAt: 2900 }))],
    [
      "I5",
      "a status that goes back to an earlier run",
      withSightings(makeSighting("c", "failed", { id: "b", scheduledFor: "1970-01-01T00:00:02.000Z", state: "failed" })),
    ],
    ["I5", "a job whose last run disappears", withSightings(makeSighting("c", "pending", null))],
    [
      "I5",
      "a run of a job that ends twice",
      withSightings(makeSighting("c", "failed", { id: "c-2100", scheduledFor: "1970-01-01T00:00:02.100Z", state: "failed" })),
    ],
    [
      "I5",
      "a status that is not that of the last run",
      withSightings(makeSighting("c", "failed", { id: "c-2100", scheduledFor: "1970-01-01T00:00:02.100Z", state: "succeeded" })),
    ],
    ["I5", "a run that ends twice", withSightings({ of: "run", runId: "c-2100", attempt: 2, state: "failed" })],
    [
      "I5",
      "a run whose attempt falls",
      withSightings({ of: "run", runId: "z", attempt: 2, state: "due" }, { of: "run", runId: "z", attempt: 1, state: "running" }),
    ],
    [
      "I5",
      "an attempt whose state falls",
      withSightings({ of: "run", runId: "z", attempt: 1, state: "retrying" }, { of: "run", runId: "z", attempt: 1, state: "running" }),
    ],
    ["I6", "a status that is not the fold of the runs", withJob("b", { status: "lost", lastRun: { id: "b-2200", state: "lost" } })],
    ["I6", "a status without any run shown", withJob("b", { status: "pending", lastRun: null })],
    ["I8", "an acknowledged job that is gone", (kept) => ({ ...kept, jobs: [] })],
    ["I8", "a deleted job that is back", (kept) => ({ ...kept, jobs: [...kept.jobs, { ...kept.jobs[0]!, id: "a" }] })],
    ["I8", "an acknowledged version that is gone", withJob("c", { version: 1 })],
    ["I8", "a definition that was not the last acknowledged one", withJob("c", { mark: "c0" })],
    ["I8", "a pause that is forgotten", withJob("c", { state: "active" })],
    ["I8", "a triggered run that is gone", withoutRow("manual-1")],
    ["I8", "a triggered run that says succeeded and called no target", withoutEffects("manual-1")],
    ["I10", "a run that stays open", withRow("a-4000", { state: "running" })],
    ["I10", "a run that no record knows", withoutRow("b-2700")],
    ["I10", "a success that its target refused", changedEffect("b-2700", { status: 500 })],
    ["I10", "a failure that its target accepted", withRow("b-2700", { state: "failed" })],
    ["I10", "a record that knows fewer attempts than its target", withRow("c-2100", { attempt: 1 })],
    ["G11", "a run behind an acknowledged pause", withEffect(effect("a", 5000, { mark: "a2" }))],
    ["G11", "a run behind an acknowledged delete", withEffect(effect("a", 8500, { mark: "a2" }))],
    ["G12", "a run by the definition before the edit", changedEffect("a-3500", { mark: "a1" })],
    ["G12", "a run by the definition behind the edit", changedEffect("a-3000", { mark: "a2" })],
    ["G12", "a run whose attempts use two definitions", withEffect(effect("a", 2500, { mark: "a2", attempt: 2, startedAt: 2600 }))],
    [
      "G12",
      "a triggered run that ignores the params sent along",
      (kept) => ({ ...kept, triggers: kept.triggers.map((one) => ({ ...one, mark: "a2t" })) }),
    ],
  ])("%s: %s", (invariant, _promise, plant) => {
    expect(check(plant(keptHistory())).map((found) => found.invariant)).toContain(invariant);
  });
});

describe("what cannot be known is not held against the product", () => {
  test.each<[string, (kept: History) => History]>([
    [
      "an instant inside the request that paused the job",
      (kept) => ({
        ...both(withoutRow("a-4500"), withoutEffects("a-4500"))(kept),
        writes: kept.writes.map((write) => (write.kind === "pause" && write.jobId === "a" ? { ...write, from: 4490 } : write)),
      }),
    ],
    ["an instant inside the request that deleted the job", withEffect(effect("a", 8000, { mark: "a2" }))],
    [
      "a run that a trigger without an answer may have made",
      (kept) => ({
        ...withoutRow("manual-1")({ ...kept, rows: [...kept.rows, row("a", 6206, { id: "m2", cause: "manual" })] }),
        effects: [...kept.effects.filter(({ runId }) => runId !== "manual-1"), effect("a", 6206, { mark: "a2", runId: "m2" })],
        triggers: [{ jobId: "a", from: 6200, to: 6210, runId: null, mark: null }],
      }),
    ],
  ])("%s", (_what, plant) => {
    const history = plant(keptHistory());
    const rows = [...history.rows];
    if (history.effects.some(({ scheduledFor }) => scheduledFor === 8000)) rows.push(row("a", 8000));
    expect(check({ ...history, rows })).toEqual([]);
  });
});

test("an edit that keeps the schedule leaves no gap: the instant inside its request fires by the old or the new definition", () => {
  const kept = keptHistory();
  const writes = kept.writes.map((write) => (write.kind === "edit" ? { ...write, from: 2990 } : write));
  expect(check({ ...changedEffect("a-3000", { mark: "a2" })(kept), writes })).toEqual([]);
  expect(check({ ...both(withoutRow("a-3000"), withoutEffects("a-3000"))(kept), writes }).map(({ invariant }) => invariant)).toEqual([
    "I1",
  ]);
});

test("the number of runs is held to its limit", () => {
  const kept = keptHistory();
  const writes = kept.writes.map((write) =>
    write.kind === "create" && write.jobId === "b" ? { ...write, plan: { ...write.plan, grid: { ...write.plan.grid, count: 1 } } } : write,
  ) as History["writes"]; // Only the grid of `b` is another one, still of the kind `every`.
  expect(check({ ...kept, writes }).map(({ invariant }) => invariant)).toEqual(["I2"]);
});
