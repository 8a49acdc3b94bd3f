import { describe, expect, test } from "@jest/globals";
import { parseScheduleText } from "./parse-text.ts";

describe("what is written as elsewhere is refused with what it is here", () => {
  test.each([
    [
      "every other monday at 9am Europe/Berlin",
      "bad_schedule_text",
      'and has no time zone: write {"every": "2w", "startAt": "2027-01-04T09:00:00.000+01:00"}, with the first day that is meant',
    ],
    ["every 10 minutes on weekdays", "bad_schedule_text", 'did you mean "*/10 * * * 1-5"?'],
    ["hourly from 9am to 5pm", "bad_schedule_text", 'did you mean "0 9-17 * * *"?'],
    ["every hour on mondays and fridays", "bad_schedule_text", 'did you mean "0 * * * MON,FRI"?'],
    ["daily @ 9am", "bad_schedule_text", 'did you mean "daily at 9am"?'],
    ["Every day, at 9:00 AM.", "bad_schedule_text", 'did you mean "Every day at 9:00 AM"?'],
    ["monthly at 9am on the 1st", "bad_time_of_day", 'did you mean "monthly on the 1st at 9am"?'],
    ["end of month", "bad_schedule_text", 'did you mean "monthly on the last day"?'],
    ["every 15 minute(s)", "bad_schedule_text", 'did you mean "every 15 minutes"?'],
    ["1h30", "bad_schedule_text", 'did you mean "every 1h30m"?'],
    ["1M", "bad_schedule_text", 'did you mean "every 1m" or "monthly"?'],
    ["1y", "bad_schedule_text", 'write "0 0 1 1 *"'],
    ["biweekly on friday at 9am", "bad_schedule_text", 'write {"every": "2w", "startAt": "2027-01-01T09:00Z"}'],
    ["FREQ=DAILY;BYHOUR=2", "bad_schedule_text", 'did you mean "0 2 * * *"?'],
    ["RRULE:FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9;BYMINUTE=30", "bad_schedule_text", 'did you mean "30 9 * * MON,WED"?'],
    ["FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=17 Europe/Berlin", "bad_schedule_text", 'did you mean "0 17 * * FRIL Europe/Berlin"?'],
    ["FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=9", "bad_schedule_text", 'did you mean "0 9 L * *"?'],
    ["FREQ=HOURLY;INTERVAL=2", "bad_schedule_text", 'did you mean "every 2h"?'],
    ["every 2nd month", "bad_schedule_text", 'write "0 0 1 */2 *"'],
    ["every 15 minutes between 9 and 17:00", "bad_schedule_text", 'did you mean "*/15 9-16 * * *"?'],
    ["at 5pm on fridays", "bad_schedule_text", 'did you mean "on fridays at 5pm"?'],
    ["@weekly on friday", "bad_schedule_text", 'did you mean "weekly on friday"?'],
    ["every5m", "bad_schedule_text", 'did you mean "every 5m"?'],
    ["every 2 days at 9am", "bad_schedule_text", 'counted from its startAt: write {"every": "2d", "startAt": "2027-01-01T09:00Z"}'],
    ["every other week at 9am UTC", "bad_schedule_text", '"every 2w" is a fixed interval, counted from its startAt, and has no time zone'],
    ["every 5 minutes on weekdays", "bad_schedule_text", 'did you mean "*/5 * * * 1-5"?'],
    ["biweekly", "bad_schedule_text", 'did you mean "every 2 weeks" or "every monday and thursday"?'],
    [
      "every 2 months at 9am UTC",
      "bad_schedule_text",
      '2 months are no fixed interval, and a cron line counts months from January: write "0 9 1 */2 * UTC"',
    ],
    ["P1M", "bad_schedule_text", 'write "0 0 1 * *"'],
    ["every 90", "bad_schedule_text", 'did you mean "every 90m" or "every 90s"?'],
    ["every second monday", "bad_schedule_text", 'did you mean "monthly on the second monday"'],
    ["every tue/thu at 9am", "bad_schedule_text", 'did you mean "every tue, thu at 9am"?'],
    ["every 15th at 9am", "bad_schedule_text", 'did you mean "monthly on 15th at 9am"?'],
    ["daily at 9am and 5pm", "bad_time_of_day", 'did you mean "0 9,17 * * *"?'],
    ["every monday at 9:30, 17:30 UTC", "bad_time_of_day", 'did you mean "30 9,17 * * 1 UTC"?'],
    ["daily at 9h30", "bad_time_of_day", 'did you mean "daily at 9:30"?'],
    ["hourly at 5", "bad_time_of_day", 'did you mean "hourly at :05"?'],
    ["daily at 9:00 Berlin", "bad_time_of_day", 'did you mean "daily at 9:00 Europe/Berlin"?'],
    ["daily at 9:00 +02:00", "bad_time_of_day", 'did you mean "daily at 9:00 Etc/GMT-2"?'],
    ["*-*-01 00:00:00", "bad_schedule_text", 'did you mean "0 0 1 * *"?'],
    ["Mon..Fri *-*-* 09:00:00 UTC", "bad_schedule_text", 'did you mean "0 9 * * Mon-Fri UTC"?'],
    ["every 1.day, at: '4:30 am'", "bad_schedule_text", 'did you mean "every 1 day at 4:30 am"?'],
    ["crontab(hour=7, minute=30, day_of_week='mon')", "bad_schedule_text", 'did you mean "30 7 * * mon"?'],
    ["2026-12-01", "bad_instant", '"2026-12-01" has no time of day: write "2026-12-01 00:00 UTC"'],
    ["1798794000", "bad_schedule_text", 'did you mean "2027-01-01T09:00:00.000Z"?'],
    ["Tue, 01 Dec 2026 09:00:00 GMT", "bad_schedule_text", 'did you mean "2026-12-01T09:00:00.000Z"?'],
  ])("%p: %s, %s", (text, code, message) => {
    expect(parseScheduleText(text)).toMatchObject({ kind: "fault", code, message: expect.stringContaining(message) });
  });
});

test.each([
  "FREQ=DAILY",
  "FREQ=WEEKLY;BYDAY=MO",
  "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYHOUR=9",
  "FREQ=DAILY;COUNT=5;BYHOUR=9",
  "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9",
  "FREQ=YEARLY;BYMONTH=1;BYHOUR=1",
])("nothing is suggested for a recurrence rule whose meaning no line has: %s", (rule) => {
  expect(parseScheduleText(rule)).toMatchObject({ message: expect.not.stringContaining("did you mean") });
});

test("a zone is guessed by its city, abbreviation or offset, and not by its letters", () => {
  for (const text of ["daily at 9am Eastern", "daily at 9am PT", "daily at 9am local time"])
    expect(parseScheduleText(text)).toMatchObject({ message: expect.not.stringContaining("did you mean") });
});
