import { expect, test } from "@jest/globals";
import { ATTEMPTS_KEPT_MAX } from "../../../domain/run/run.ts";
import { RUN_STATES } from "../../../domain/run/run-state.ts";
import { mergeUpdates, endRun, makeDueAgain, startAttempt, waitForRetry, WITHOUT_TOKEN } from "./run-changes.ts";

const claimant = { executor: "executor-1", token: "token", leaseMs: 15_000 };

test("a field that is set is not unset by the same update, which the server would refuse", () => {
  const update = mergeUpdates({ $unset: { reason: "", error: "" } }, { $set: { reason: "cancelled" } });
  expect(update).toEqual({ $set: { reason: "cancelled" }, $unset: { error: "" } });
  expect(mergeUpdates({ $unset: { reason: "" } }, { $set: { reason: "cancelled" } })).toEqual({ $set: { reason: "cancelled" } });
});

test("counts of several changes stand beside each other", () => {
  expect(mergeUpdates(makeDueAgain(7), { $inc: { rescues: 1 } })["$inc"]).toEqual({ attempt: 1, rescues: 1 });
  expect(mergeUpdates(makeDueAgain(7), WITHOUT_TOKEN)["$unset"]).toMatchObject({ token: "", wakeAt: "" });
});

test("the first start writes the attempts, a later one adds to them and drops the oldest", () => {
  const first = startAttempt({ claimant, attempt: 1, exclusive: true, hasHistory: true, now: 5 });
  expect(first.$set).toMatchObject({ firstStartedAt: 5, lockKey: 1, wakeAt: 15_005, attempts: [{ attempt: 1, state: "running" }] });
  const later = startAttempt({ claimant, attempt: 2, exclusive: false, hasHistory: true, now: 5 });
  expect(later.$set).not.toHaveProperty("firstStartedAt");
  expect(later.$set).not.toHaveProperty("lockKey");
  expect(later.$push).toMatchObject({ attempts: { $slice: -ATTEMPTS_KEPT_MAX } });
});

test("a run that is not running holds no lock", () => {
  const error = { code: "http_status", message: "503", retryable: true };
  for (const { $unset } of [makeDueAgain(7), waitForRetry(9, error), endRun({ state: "failed", now: 9, error })])
    expect($unset).toHaveProperty("lockKey");
});

test("an end gives the lock back, leaves all that waits, and is to be announced", () => {
  const { $set, $unset } = endRun({ state: "succeeded", now: 9, finishedAt: 8, output: { ok: true }, error: null });
  expect($set).toEqual({ state: "succeeded", finishedAt: 8, settledAt: 9, announce: 8, output: '{"ok":true}' });
  expect(Object.keys($unset ?? {}).sort()).toEqual([
    "dueAt",
    "error",
    "expiresAt",
    "lockKey",
    "reason",
    "repeatMs",
    "standing",
    "waitMs",
    "wakeAt",
  ]);
});

test("only what completed is settled: there is nothing to fold of a run that was skipped", () => {
  const settled = RUN_STATES.filter((state) => endRun({ state, now: 9 }).$set["settledAt"] === 9);
  expect(settled).toEqual(["succeeded", "failed", "cancelled", "lost"]);
  expect(endRun({ state: "skipped", reason: "overlap", now: 9 }).$set).toEqual({
    state: "skipped",
    finishedAt: 9,
    announce: 9,
    reason: "overlap",
  });
});
