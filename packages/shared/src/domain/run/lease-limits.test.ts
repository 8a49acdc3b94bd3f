import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HEARTBEAT_RETRY_MS_MAX, LEASE_DEFAULTS, leaseFaults, computeRescueAheadMs } from "./lease-limits.ts";

/** How long MongoDB takes to elect a primary by its defaults, as its documentation has it. */
const ELECTION_MS = 12_000;

describe("a lease outlasts a failover of the store", () => {
  test("by its defaults, one that takes as long as MongoDB's elections do", () => {
    expect(LEASE_DEFAULTS.storeFailoverMs).toBeGreaterThanOrEqual(ELECTION_MS);
    expect(leaseFaults(LEASE_DEFAULTS)).toEqual([]);
  });

  test.each([
    ["that is just long enough", { leaseMs: 28_000 }, []],
    [
      "that is too short",
      { leaseMs: 27_999 },
      [expect.stringContaining("(22999) must be at least 2 * heartbeatMs + storeFailoverMs + 1000 (23000)")],
    ],
    ["that is renewed too seldom", { heartbeatMs: 6_001 }, [expect.stringContaining("(25002)")]],
    ["with too wide a margin", { leaseMarginMs: 7_001 }, [expect.stringContaining("(22999)")]],
    ["of a store that needs longer", { storeFailoverMs: 15_000 }, [expect.stringContaining("(26000)")]],
    ["of a store that never fails over", { leaseMs: 15_000, leaseMarginMs: 4_000, storeFailoverMs: 0 }, []],
    ["that is never renewed", { heartbeatMs: 0 }, ["heartbeatMs must be at least 1"]],
    ["without a margin", { leaseMarginMs: 0 }, ["leaseMarginMs must be at least 1"]],
    ["of a store that answers before it is asked", { storeFailoverMs: -1 }, ["storeFailoverMs must be at least 0"]],
  ])("a lease %s", (_, changes, faults) => {
    expect(leaseFaults({ ...LEASE_DEFAULTS, ...changes })).toEqual(faults);
  });

  test("whenever it begins, a renewal that is sent after it is answered before the handler is asked to end", () => {
    const limits = fc.record({
      leaseMs: fc.integer({ min: 1, max: 60_000 }),
      heartbeatMs: fc.integer({ min: 1, max: 20_000 }),
      leaseMarginMs: fc.integer({ min: 1, max: 20_000 }),
      storeFailoverMs: fc.integer({ min: 0, max: 30_000 }),
    });
    // From the last renewal: when the store goes away, and how long it leaves the renewals of that time without an answer.
    const outlasts = fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), (lease, part) => {
      fc.pre(leaseFaults(lease).length === 0);
      const awayAtMs = part * lease.heartbeatMs;
      const backAtMs = awayAtMs + lease.storeFailoverMs;
      let sentAtMs = lease.heartbeatMs;
      while (sentAtMs < backAtMs) sentAtMs += lease.heartbeatMs + HEARTBEAT_RETRY_MS_MAX;
      expect(sentAtMs).toBeLessThanOrEqual(lease.leaseMs - lease.leaseMarginMs);
    });
    fc.assert(outlasts);
  });
});

describe("leases are watched", () => {
  test("only once they have not been renewed for longer than a renewal takes", () => {
    expect(computeRescueAheadMs(LEASE_DEFAULTS)).toBe(22_000);
    expect(computeRescueAheadMs(LEASE_DEFAULTS)).toBeLessThan(LEASE_DEFAULTS.leaseMs - LEASE_DEFAULTS.heartbeatMs);
  });

  test("from their end, where they are too short for that", () => {
    expect(computeRescueAheadMs({ leaseMs: 3_000, heartbeatMs: 500 })).toBe(0);
  });
});
