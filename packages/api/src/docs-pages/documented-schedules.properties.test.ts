import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { scheduleWire } from "@tickline/shared/domain/schedule/arbitraries.test-support";
import { ScheduleInput } from "@tickline/shared/domain/schedule/input/schedule-input";
import type { ValidateFunction } from "ajv/dist/2020.js";
import fc from "fast-check";
import { apiUnderTest, type ApiUnderTest } from "../api-under-test.test-support.ts";
import { createValidators } from "./document-check.test-support.ts";

let under: ApiUnderTest;
let isDocumented: ValidateFunction;
beforeAll(async () => {
  under = await apiUnderTest();
  const { body } = await under.call("GET /openapi.json");
  isDocumented = createValidators(body)({ $ref: "#/components/schemas/ScheduleInput" });
});
afterAll(() => under.stop());

/** What a person may write in a field by mistake, or in another one. */
const TEXTS = ["", " ", "last", "LAST", "Monday", "mon", "09:00", "9am", "24:00", "+01:00", "15m", " 1h 30m ", "PT15M", "m15", "@daily"];
const LONGER = ["2026-12-01T09:00", "2026-12-01T09:00+01:00", "2026-02-29T00:00Z", "Europe/Berlin", "0 9 * * *", "0 9 * *"];
const stray = fc.constantFrom<unknown>(null, 7, 31, 32, 1.5, true, [], {}, ...TEXTS, ...LONGER);
const fields = ["cron", "every", "interval", "at", "on", "timezone", "startAt", "endAt", "maxRuns", "until"];
/** Schedules of every kind, some with another value in one of their fields, or with one field more or less. */
const written = fc
  .tuple(scheduleWire, fc.option(fc.tuple(fc.constantFrom(...fields), fc.option(stray, { nil: undefined }))))
  .map(([wire, change]): unknown => (change === null ? wire : JSON.parse(JSON.stringify({ ...(wire as object), [change[0]]: change[1] }))));

/** Of faults that no pattern can tell: the table in docs/api.md. */
const BEYOND_SCHEMA = new Set(["bad_cron", "bad_duration", "bad_schedule_window", "schedule_never_fires", "unknown_time_zone"]);

test("a schedule is taken if and only if the document allows it, but for what no schema can say", () => {
  fc.assert(
    fc.property(written, (wire) => {
      const read = ScheduleInput.safeParse(wire);
      const codes = (read.error?.issues ?? []).map((issue) => String((issue.code === "custom" && issue.params?.["code"]) || issue.code));
      if (read.success || !codes.every((code) => BEYOND_SCHEMA.has(code)))
        expect([wire, codes, isDocumented(wire)]).toEqual([wire, codes, read.success]);
    }),
    { numRuns: 300 },
  );
});
