import { expect, test } from "@jest/globals";
import { checkSchedulerConfig, SCHEDULER_DEFAULTS } from "./scheduler-config.ts";

const checked = (changes: Partial<typeof SCHEDULER_DEFAULTS>) => () => checkSchedulerConfig({ ...SCHEDULER_DEFAULTS, ...changes });

test("the defaults go together", () => {
  expect(checked({})).not.toThrow();
});

test.each([
  [
    "leases that living executors have just renewed are watched",
    { rescueAheadMs: 25_000 },
    /^the scheduler's configuration is not usable: rescueAheadMs \(25000\) must be less than leaseMs - heartbeatMs \(25000\)/,
  ],
  ["leases are watched when they have ended alone", { rescueAheadMs: -1 }, /rescueAheadMs must be at least 0/],
  ["leases are shorter than the time between their renewals", { leaseMs: 4_000, rescueAheadMs: 0 }, /leaseMs - heartbeatMs \(-1000\)/],
  ["leases are renewed never", { heartbeatMs: 0 }, /heartbeatMs must be at least 1/],
])("refused where %s", (_, changes, message) => {
  expect(checked(changes)).toThrow(expect.objectContaining({ code: "bad_config", message: expect.stringMatching(message) }));
});
