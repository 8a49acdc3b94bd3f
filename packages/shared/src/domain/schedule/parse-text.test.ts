import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseScheduleText } from "./parse-text.ts";

const daily = (at: string) => ({ interval: "daily", at, on: null });
const weekly = (on: string, at: string) => ({ interval: "weekly", at, on });
const monthly = (on: number | string | null, at: string) => ({ interval: "monthly", at, on });

test.each<[string, object]>([
  ["hourly", { cron: "0 * * * *" }],
  ["daily", daily("00:00")],
  ["weekly", { interval: "weekly", at: "00:00", on: null }],
  ["monthly", monthly(null, "00:00")],
  ["every day", daily("00:00")],
  ["every week", { interval: "weekly", at: "00:00", on: null }],
  ["every month", monthly(null, "00:00")],
  ["every minute", { every: "1m" }],
  ["every hour", { every: "1h" }],
  ["every second", { every: "1s" }],
  ["every 15m", { every: "15m" }],
  ["every 15 minutes", { every: "15m" }],
  ["every 1 minute", { every: "1m" }],
  ["every 2 hours", { every: "2h" }],
  ["every 500ms", { every: "500ms" }],
  ["every 1h30m", { every: "1h30m" }],
  ["every 1h 30m", { every: "1h30m" }],
  ["every 2 weeks", { every: "2w" }],
  ["every day at 09:00", daily("09:00")],
  ["daily at 9:00", daily("09:00")],
  ["daily at 9am", daily("09:00")],
  ["daily at noon", daily("12:00")],
  ["daily at midnight", daily("00:00")],
  ["daily at 5:30pm", daily("17:30")],
  ["daily at 5 PM", daily("17:00")],
  ["daily at 09:00:30", daily("09:00:30")],
  ["every monday", weekly("monday", "00:00")],
  ["every monday at 09:00", weekly("monday", "09:00")],
  ["  EVERY   Mondays  AT 09:00 ", weekly("monday", "09:00")],
  ["every sun at 10:00", weekly("sunday", "10:00")],
  ["weekly at 08:00", { interval: "weekly", at: "08:00", on: null }],
  ["weekly on friday at 17:30", weekly("friday", "17:30")],
  ["every month on the 15th at 08:00", monthly(15, "08:00")],
  ["monthly on 15 at 08:00", monthly(15, "08:00")],
  ["monthly on day 31", monthly(31, "00:00")],
  ["monthly on the last day at 18:00", monthly("last", "18:00")],
  ["monthly on last", monthly("last", "00:00")],
  ["every weekday at 09:00", { cron: "0 9 * * 1-5" }],
  ["weekdays at 09:00:30", { cron: "30 0 9 * * 1-5" }],
  ["every weekend", { cron: "0 0 * * SUN,SAT" }],
  ["every friday, monday and wed at 5pm", { cron: "0 17 * * MON,WED,FRI" }],
  ["every monday at 09:00 Europe/Berlin", { ...weekly("monday", "09:00"), timezone: "Europe/Berlin" }],
  ["every monday at 09:00 in Europe/Berlin", { ...weekly("monday", "09:00"), timezone: "Europe/Berlin" }],
  ["daily at 9am UTC", { ...daily("09:00"), timezone: "UTC" }],
  ["daily in Japan", { ...daily("00:00"), timezone: "Japan" }],
  ["hourly America/Argentina/Buenos_Aires", { cron: "0 * * * *", timezone: "America/Argentina/Buenos_Aires" }],
  ["0 9 * * 1-5", { cron: "0 9 * * 1-5" }],
  ["*/10 * * * * *", { cron: "*/10 * * * * *" }],
  ["0 9 * * MON-FRI/2", { cron: "0 9 * * MON-FRI/2" }],
  ["0 9 * * mon Europe/Berlin", { cron: "0 9 * * mon", timezone: "Europe/Berlin" }],
  ["0 0 9 * * mon in UTC", { cron: "0 0 9 * * mon", timezone: "UTC" }],
  ["0 9 * *", { cron: "0 9 * *" }],
  ["everyday at 9am", daily("09:00")],
  ["every 1 month on the 15th", monthly(15, "00:00")],
  ["weekly monday 09:00", weekly("monday", "09:00")],
  ["hourly at :05", { cron: "5 * * * *" }],
  ["every hour at :30 Asia/Kolkata", { cron: "30 * * * *", timezone: "Asia/Kolkata" }],
  ["at(2026-12-01T09:00:00)", { at: "2026-12-01T09:00:00", timezone: "UTC" }],
  ["at(2026-12-01T09:00:00) Europe/Berlin", { at: "2026-12-01T09:00:00", timezone: "Europe/Berlin" }],
  ["yearly", { cron: "0 0 1 1 *" }],
  ["every year at 9am Europe/Berlin", { cron: "0 9 1 1 *", timezone: "Europe/Berlin" }],
  ["annually at 09:00:30", { cron: "30 0 9 1 1 *" }],
  ["every mon 09:00", weekly("monday", "09:00")],
  ["every thurs 9am", weekly("thursday", "09:00")],
  ["every tues 9:30 pm Europe/Berlin", { ...weekly("tuesday", "21:30"), timezone: "Europe/Berlin" }],
  ["daily noon", daily("12:00")],
  ["weekdays 17:30", { cron: "30 17 * * 1-5" }],
  ["monthly on 15 08:00", monthly(15, "08:00")],
  ["every mon-fri 09:00", { cron: "0 9 * * 1-5" }],
  ["fri to mon at 9am", { cron: "0 9 * * SUN,MON,FRI,SAT" }],
  ["every monday, tuesday, wednesday, thursday and sunday at 09:00", { cron: "0 9 * * SUN,MON,TUE,WED,THU" }],
  ["every 1 day at 09:00", daily("09:00")],
  ["every 1H30M", { every: "1h30m" }],
  ["@every 5m", { every: "5m" }],
  ["rate(5 minutes)", { every: "5m" }],
  ["rate(1 day)", { every: "1d" }],
  ["CRON_TZ=Europe/Berlin 0 9 * * *", { cron: "0 9 * * *", timezone: "Europe/Berlin" }],
  ["TZ=Asia/Tokyo @daily", { cron: "@daily", timezone: "Asia/Tokyo" }],
  ["tz=UTC daily at 09:00", { ...daily("09:00"), timezone: "UTC" }],
  ["cron(0 10 * * ? *)", { cron: "cron(0 10 * * ? *)" }],
  ["cron(0 10 ? * MON-FRI *) Europe/Berlin", { cron: "cron(0 10 ? * MON-FRI *)", timezone: "Europe/Berlin" }],
  ["0 10 ? * MON-FRI *", { cron: "0 10 ? * MON-FRI *" }],
  ["0 0 9 ? * MON *", { cron: "0 0 9 ? * MON *" }],
  ["@daily", { cron: "@daily" }],
  ["@Hourly Etc/GMT+5", { cron: "@Hourly", timezone: "Etc/GMT+5" }],
  ["2026-12-01T09:00:00Z", { at: "2026-12-01T09:00:00Z" }],
  ["2026-12-01T09:00:00+01:00", { at: "2026-12-01T09:00:00+01:00" }],
  ["2026-12-01 09:00 Europe/Berlin", { at: "2026-12-01T09:00", timezone: "Europe/Berlin" }],
])("%p", (text, reading) => {
  expect(parseScheduleText(text)).toEqual({ kind: "parsed", value: reading });
});

describe("refused with what was not understood", () => {
  test.each([
    ["", "bad_schedule_text", "is empty"],
    ["every blue moon", "bad_schedule_text", '"every blue moon" is not understood; write for example "every 15m"'],
    ["each moon at 09:00 UTC", "bad_schedule_text", '"each moon" is not understood'],
    ["every", "bad_schedule_text", '"every" is not understood'],
    ["every 15", "bad_schedule_text", '"every 15" is not understood'],
    ["every 15 parsecs", "bad_schedule_text", '"every 15 parsecs" is not understood'],
    ["every monday and moonday", "bad_schedule_text", "is not understood"],
    ["monthly on monday", "bad_schedule_text", '"monthly on monday" is not understood'],
    ["15m", "bad_schedule_text", '"15m" is not understood'],
    ["every 15m at 09:00", "bad_schedule_text", "has no time of day"],
    ["every 15m UTC", "bad_schedule_text", "has no time zone"],
    ["every 15m at 09:00", "bad_schedule_text", 'has no time of day: write "every 15m"'],
    ["hourly at 00:15", "bad_schedule_text", 'no time of day: write "15 * * * *"'],
    ["hourly at 00:30 Europe/Berlin", "bad_schedule_text", 'write "30 * * * * Europe/Berlin"'],
    ["hourly at 09:00", "bad_schedule_text", 'no time of day: write "hourly"'],
    ["every 1M", "bad_schedule_text", '"every 1M" may be months or minutes: write "every 1m" or "monthly"'],
    ["every hour at 00:15 UTC", "bad_schedule_text", 'write "15 * * * * UTC"'],
    ["every 3M UTC", "bad_schedule_text", '"every 3M" may be months or minutes: write "every 3m"'],
    ["15m", "bad_schedule_text", 'did you mean "every 15m"?'],
    ["fridays at 5pm", "bad_schedule_text", 'did you mean "every fridays at 5pm"?'],
    ["at 09:00", "bad_schedule_text", 'did you mean "daily at 09:00"?'],
    ["every 15M", "bad_schedule_text", '"every 15M" may be months or minutes: write "every 15m"'],
    ["every 1M at 09:00 UTC", "bad_schedule_text", 'write "monthly at 09:00 UTC"'],
    ["TZ=UTC daily Asia/Tokyo", "bad_schedule_text", 'two time zones, UTC and Asia/Tokyo: write "daily UTC" or "daily Asia/Tokyo"'],
    ["every moday", "bad_schedule_text", '"every moday" is not understood; did you mean "every monday"?'],
    ["every moday at 09:00 Europe/Berlin", "bad_schedule_text", 'did you mean "every monday at 09:00 Europe/Berlin"?'],
    ["wekly", "bad_schedule_text", 'did you mean "weekly"?'],
    ["Montly on the lst day at 6pm", "bad_schedule_text", 'did you mean "monthly on the last day at 6pm"?'],
    ["evrey 15 minuts", "bad_schedule_text", 'did you mean "every 15 minute'],
    ["TZ=Asia/Tokyo dayly", "bad_schedule_text", 'did you mean "TZ=Asia/Tokyo daily"?'],
    ["daily at nooon", "bad_time_of_day", 'did you mean "daily at noon"?'],
    ["daily at 9", "bad_time_of_day", '"9" is not a time of day'],
    ["daily at 25:00", "bad_time_of_day", '"25:00" is not a time of day'],
  ])("%p: %s, %s", (text, code, message) => {
    expect(parseScheduleText(text)).toMatchObject({ kind: "fault", code, message: expect.stringContaining(message) });
  });
});

test.each([
  ["several words are as near", "every sonday"],
  ["the zone is unknown", "every moday Europe/Berlim"],
  ["the nearest word makes no schedule", "every moon"],
  ["what it would be is refused", "evry 5ms"],
  ["the word has a meaning of its own", "biweekly"],
])("nothing is suggested if %s: %p", (_why, text) => {
  expect(parseScheduleText(text)).toMatchObject({ kind: "fault", message: expect.not.stringContaining("did you mean") });
});

test("an interval that is refused without its time is not suggested", () => {
  const read = parseScheduleText("every 5ms at 09:00");
  expect(read).toMatchObject({ message: '"every 5ms" is a fixed interval and has no time of day' });
});

test("any text is read or refused, and quickly", () => {
  const word = fc.constantFrom(
    "every",
    "daily",
    "at",
    "on",
    "in",
    "monday",
    "15m",
    "1h",
    "*",
    "0",
    "and",
    ",",
    "the",
    "last",
    "day",
    "UTC",
    "a/b",
    " ",
    "9am",
  );
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (typed) => {
      expect(["parsed", "fault"]).toContain(parseScheduleText(typed).kind);
    }),
    { numRuns: 2_000 },
  );
});
