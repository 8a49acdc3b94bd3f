import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { toIso } from "@tickline/shared/domain/time/instant";
import { cronGarbage, scheduleWire } from "@tickline/shared/domain/schedule/arbitraries.test-support";
import { START } from "@tickline/shared/testing/factories";
import fc from "fast-check";
import { apiUnderTest, type ApiUnderTest } from "../api-under-test.test-support.ts";

let at: ApiUnderTest;
beforeAll(async () => {
  at = await apiUnderTest();
});
afterAll(() => at.stop());

/** Around now, and around the oldest instant that is taken. */
const near = fc.constantFrom(-86_400_000, -61_000, -60_001, -60_000, -59_999, -1, 0, 1, 1_000, 3_600_000).map((ms) => toIso(START + ms));
const window = fc.record({ startAt: near, endAt: near, maxRuns: fc.constantFrom(1, 2, null) }, { requiredKeys: [] });
const soon = fc
  .tuple(
    fc.constantFrom<object>(
      { cron: "* * * * *" },
      { cron: "0 0 12 * * *" },
      { cron: "30 2 * * *", timezone: "Europe/Berlin" },
      { every: "1m" },
      { every: "7d" },
      { interval: "daily", at: "12:00" },
      { interval: "monthly", on: 31 },
    ),
    window,
  )
  .map(([kind, bounds]) => ({ ...kind, ...bounds }));
const instant = fc.tuple(near, window).map(([when, bounds]) => ({ at: when, ...bounds }));
const anything = fc.oneof(
  soon,
  instant,
  scheduleWire,
  cronGarbage,
  fc.constantFrom("every 5 parsecs", "2020-01-01T00:00:00Z", "", "every 1ms"),
);

test("a preview shows what a job could be made with, and refuses the rest as the job would be", async () => {
  await fc.assert(
    fc.asyncProperty(anything, async (schedule) => {
      const preview = await at.call("POST /schedules/preview", { body: { schedule, count: 1 } });
      const job = await at.call("POST /jobs", { body: { name: "one", handler: "http", params: { url: "http://127.0.0.1/" }, schedule } });
      if (job.status === 201) {
        expect([preview.status, preview.body.next]).toEqual([200, [job.body.nextRunAt]]);
        expect(preview.body.schedule).toEqual(job.body.schedule);
      } else {
        const { status, code, errors } = job.body;
        expect(preview.body).toMatchObject({ status, code, errors });
      }
    }),
    { numRuns: 300 },
  );
});
