import { describe, expect, test } from "@jest/globals";
import type { LeaseView } from "@tickline/shared/ports/runs/run-leases";
import { planRescues, type LeaseSighting } from "./rescue-plan.ts";

const lease = (overrides: Partial<LeaseView> = {}): LeaseView => ({
  runId: "01J0000000RUN000000000000A",
  handler: "work",
  attempt: 1,
  rescues: 0,
  leaseMs: 15_000,
  expiresAt: 1_000_000,
  ownerGone: false,
  onUncertain: "rerun",
  cancelRequested: false,
  ...overrides,
});
const look = (leases: readonly LeaseView[], monotonicMs: number, seen: ReadonlyMap<string, LeaseSighting> = new Map()) =>
  planRescues(leases, { seen, monotonicMs, rescuesMax: 5 });

describe("a lease that is not renewed", () => {
  test("is rescued only after one whole lease on the leader's own clock", () => {
    const first = look([lease()], 0);
    expect(first.rescues).toEqual([]);
    const early = look([lease()], 14_999, first.sightings);
    expect(early.rescues).toEqual([]);
    const late = look([lease()], 15_000, early.sightings);
    expect(late.rescues).toEqual([{ runId: lease().runId, expiresAt: 1_000_000, to: "due" }]);
  });

  test("that is renewed in between begins its wait anew", () => {
    const first = look([lease()], 0);
    const renewed = look([lease({ expiresAt: 1_010_000 })], 14_000, first.sightings);
    expect(look([lease({ expiresAt: 1_010_000 })], 20_000, renewed.sightings).rescues).toEqual([]);
    expect(look([lease({ expiresAt: 1_010_000 })], 29_000, renewed.sightings).rescues).toHaveLength(1);
  });

  test("that is missing from the list is forgotten", () => {
    const first = look([lease()], 0);
    const gone = look([], 5_000, first.sightings);
    expect(look([lease()], 16_000, gone.sightings).rescues).toEqual([]);
  });
});

describe("what becomes of a rescued run", () => {
  test.each<[string, Partial<LeaseView>, string]>([
    ["it is due again", {}, "due"],
    ["it is lost when its job says so", { onUncertain: "skip" }, "lost"],
    ["it is lost rather than cancelled when it is unknown whether it ran", { onUncertain: "skip", cancelRequested: true }, "lost"],
    ["it is cancelled when that was asked for", { cancelRequested: true }, "cancelled"],
    ["it is due again at its fifth rescue", { rescues: 4 }, "due"],
    ["it is failed when it was rescued too often", { rescues: 5 }, "failed"],
  ])("%s", (_, overrides, to) => {
    // An owner known to be gone is not waited for.
    expect(look([lease({ ownerGone: true, ...overrides })], 0).rescues).toMatchObject([{ runId: lease().runId, expiresAt: 1_000_000, to }]);
  });

  test("a run that was rescued too often has an error with the count; the others keep their errors", () => {
    const [given, back] = look([lease({ ownerGone: true, rescues: 5 }), lease({ ownerGone: true, runId: "other" })], 0).rescues;
    expect(given?.error).toEqual({
      code: "rescued_too_often",
      message: "the executor ended unexpectedly, or was lost, during 6 attempts of the run: it is not started again",
      retryable: false,
    });
    expect(back?.error).toBeUndefined();
  });

  test("a lost run has an error with the reason why it is not run again", () => {
    const [lost] = look([lease({ ownerGone: true, onUncertain: "skip" })], 0).rescues;
    expect(lost).toMatchObject({ to: "lost", error: { code: "executor_lost", retryable: false } });
    expect(lost?.error?.message).toContain("it is unknown whether");
  });
});
