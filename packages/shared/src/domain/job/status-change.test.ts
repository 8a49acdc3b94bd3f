import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { sha256 } from "../../adapters/system/digest.ts";
import { START } from "../../testing/factories.ts";
import { RUN_STATES, stateRank } from "../run/run-state.ts";
import type { LastRun } from "../run/run.ts";
import { makeRunId } from "../run/run-id.ts";
import { latestOfEach, type StatusChange, statusOrder, supersedes } from "./status-change.ts";

const runId = (scheduledFor: number, jobUid: string): string => makeRunId(sha256, { jobUid, cause: "schedule", scheduledFor, key: null });

/** Few instants, runs and attempts, so that many are equal in part. */
const lastRun: fc.Arbitrary<LastRun> = fc
  .record({
    scheduledFor: fc.integer({ min: -1, max: 12 }).map((step) => (step < 0 ? 999 : START + step)),
    of: fc.constantFrom("a", "b"),
    attempt: fc.constantFrom(1, 2, 9, 10, 101),
    state: fc.constantFrom(...RUN_STATES),
  })
  .map(({ scheduledFor, of, attempt, state }) => ({
    runId: runId(scheduledFor, of),
    scheduledFor,
    attempt,
    state,
    startedAt: START,
    finishedAt: null,
    error: null,
  }));

const change: fc.Arbitrary<StatusChange> = fc
  .record({ jobUid: fc.constantFrom("uid-1", "uid-2", "uid-3"), lastRun })
  .map((parts) => ({ tenantId: "default", ...parts }));

/** The order as it is meant: part by part. */
function compare(left: LastRun, right: LastRun): number {
  const parts = ({ scheduledFor, runId: id, attempt, state }: LastRun) => [scheduledFor, id, attempt, stateRank(state)];
  const [ours, theirs] = [parts(left), parts(right)];
  for (const [index, part] of ours.entries()) {
    const other = theirs[index] as typeof part;
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}

test("the order is (scheduledFor, runId, attempt, rank of the state), compared as one string", () => {
  fc.assert(
    fc.property(lastRun, lastRun, (left, right) => {
      const [ours, theirs] = [statusOrder(left), statusOrder(right)];
      expect(ours < theirs ? -1 : ours > theirs ? 1 : 0).toBe(compare(left, right));
      expect(ours).toHaveLength(theirs.length);
    }),
  );
});

test("a change supersedes nothing and what is smaller; never what is equal or greater", () => {
  fc.assert(
    fc.property(lastRun, lastRun, (left, right) => {
      expect(supersedes(left, null)).toBe(true);
      expect(supersedes(left, left)).toBe(false);
      expect(supersedes(left, right)).toBe(compare(left, right) > 0);
    }),
  );
});

test("of each job the latest change is left, in any order and with any repeats", () => {
  const shuffled = fc.array(change, { minLength: 1, maxLength: 30 }).chain((changes) =>
    fc.record({
      changes: fc.constant(changes),
      again: fc.shuffledSubarray([...changes, ...changes], { minLength: changes.length * 2 }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ changes, again }) => {
      const latest = new Map(latestOfEach(changes).map((one) => [one.jobUid, statusOrder(one.lastRun)]));
      const ofAgain = latestOfEach(again);
      expect(new Map(ofAgain.map((one) => [one.jobUid, statusOrder(one.lastRun)]))).toEqual(latest);
      expect(ofAgain).toHaveLength(new Set(changes.map(({ jobUid }) => jobUid)).size);
      for (const { jobUid, lastRun: one } of changes) expect(statusOrder(one) <= (latest.get(jobUid) ?? "")).toBe(true);
    }),
  );
});

test("of nothing nothing is left", () => {
  expect(latestOfEach([])).toEqual([]);
});
