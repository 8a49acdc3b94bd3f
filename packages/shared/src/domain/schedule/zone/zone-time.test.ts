import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { ODD_ZONES } from "../arbitraries.test-support.ts";
import { ScheduleInput } from "../input/schedule-input.ts";
import { showZoneTime, scheduleZone } from "./zone-time.ts";

test.each([
  ["Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59.000+01:00"],
  ["Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00.000+02:00"],
  ["UTC", "2026-03-29T01:00:00.5Z", "2026-03-29T01:00:00.500+00:00"],
  ["America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31T20:30:00.000-03:30"],
  ["Africa/Monrovia", "1970-06-01T12:00:00Z", "1970-06-01T11:15:30.000-00:45"],
])("in %s, %s is %s", (zone, instant, shown) => {
  expect(showZoneTime(zone, Date.parse(instant))).toBe(shown);
});

test("what is shown is the same instant", () => {
  const instants = fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2200, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...ODD_ZONES), instants, (zone, instant) => {
      expect(Date.parse(showZoneTime(zone, instant))).toBe(instant);
    }),
  );
});

test.each([
  ["-05:00", "Etc/GMT+5"],
  ["+02:00", "Etc/GMT-2"],
])("the zone that is named for the offset %s has it", (offset, zone) => {
  expect(showZoneTime(zone, 0)).toContain(`.000${offset}`);
});

test.each([
  ["0 9 * * * Europe/Berlin", "Europe/Berlin"],
  ["daily Asia/Tokyo", "Asia/Tokyo"],
  ["2026-12-01 09:00 Europe/Berlin", "Europe/Berlin"],
  ["2026-12-01T09:00:00Z", "UTC"],
  ["every 15m", "UTC"],
])("%p goes by the clock of %s", (text, zone) => {
  expect(scheduleZone(ScheduleInput.parse(text))).toBe(zone);
});
