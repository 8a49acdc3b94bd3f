import { expect, test } from "@jest/globals";
import { parseZone } from "./zone.ts";

test.each([
  ["Europe/Berlin", "Europe/Berlin"],
  ["europe/berlin", "Europe/Berlin"],
  [" utc ", "UTC"],
  ["Etc/UTC", "Etc/UTC"],
  ["Europe/Kyiv", "Europe/Kyiv"],
  ["Asia/Kolkata", "Asia/Kolkata"],
  ["Etc/GMT+5", "Etc/GMT+5"],
  ["America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"],
])("%p is the zone %s", (text, value) => {
  expect(parseZone(text)).toEqual({ kind: "parsed", value });
});

test.each([
  ["Europe/Berlim", "did you mean Europe/Berlin?"],
  ["Berlin", "did you mean Europe/Berlin?"],
  ["new york", "did you mean America/New_York?"],
  ["America/NewYork", "did you mean America/New_York?"],
  ["PST", "did you mean America/Los_Angeles?"],
  ["SystemV/PST8", "not an IANA time zone"],
  ["Mars/Olympus_Mons", "use a name such as Europe/Berlin"],
  ["+02:00", "is an offset, not a time zone: name a zone such as Europe/Berlin, or Etc/GMT-2 for this offset"],
  ["-0500", "or Etc/GMT+5 for this offset"],
  ["02:00", "or Etc/GMT-2 for this offset"],
  ["+00:00", "or UTC for this offset"],
  ["+05:30", "is an offset, not a time zone: name a zone such as Europe/Berlin or UTC"],
  ["+23:00", "is an offset, not a time zone: name a zone such as Europe/Berlin or UTC"],
  ["", "not an IANA time zone"],
  ["x".repeat(200), "not an IANA time zone"],
])("%p is no zone: %s", (text, why) => {
  const result = parseZone(text);
  expect(result).toMatchObject({ kind: "fault", code: "unknown_time_zone", message: expect.stringContaining(why) });
  expect(result).toMatchObject({ message: expect.stringContaining(`"${text}"`) });
});

test("every zone that the runtime lists is accepted as it is spelt", () => {
  for (const zone of Intl.supportedValuesOf("timeZone")) expect(parseZone(zone)).toEqual({ kind: "parsed", value: zone });
});
