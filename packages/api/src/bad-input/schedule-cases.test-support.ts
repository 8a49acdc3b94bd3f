import { fault, jobOn, neverFires, type BadInput } from "./bad-input.test-support.ts";

/** Schedules that make no sense. */
export const scheduleCases: readonly BadInput[] = [
  {
    to: "POST /jobs",
    says: "a schedule of no kind",
    ...jobOn({}),
    answers: fault("/schedule", "bad_schedule", "a schedule has one of the fields cron, every, interval and at, and this one has none"),
  },
  {
    to: "POST /jobs",
    says: "a list",
    ...jobOn([]),
    answers: fault("/schedule", "bad_schedule", 'a schedule is an object or a short string, such as {"every": "15m"} or "every 15m"'),
  },
  {
    to: "POST /jobs",
    says: "two kinds at once",
    ...jobOn({ cron: "* * * * *", every: "1m" }),
    answers: fault(
      "/schedule",
      "bad_schedule",
      "a schedule is of one kind, and this one has cron and every: keep one of them; a PATCH sets the other one to null",
    ),
  },
  {
    to: "POST /jobs",
    says: "an unknown kind",
    ...jobOn({ weekly: true }),
    answers: fault("/schedule", "bad_schedule", "a schedule has one of the fields cron, every, interval and at, and this one has none"),
  },
  {
    to: "POST /jobs",
    says: "an unknown field",
    ...jobOn({ every: "1m", jitter: "5s" }),
    answers: fault("/schedule/jitter", "unknown_field", 'a fixed interval has no field "jitter": it has every, startAt, endAt, maxRuns'),
  },
  {
    to: "POST /jobs",
    says: "a zone on a fixed interval",
    ...jobOn({ every: "1m", timezone: "Europe/Berlin" }),
    answers: fault(
      "/schedule/timezone",
      "unknown_field",
      'a fixed interval has no field "timezone": it has every, startAt, endAt, maxRuns',
    ),
  },
  {
    to: "POST /jobs",
    says: "a cron line with a field too few",
    ...jobOn({ cron: "* * * *" }),
    answers: fault(
      "/schedule/cron",
      "bad_cron",
      '"* * * *" has 4 fields, and a cron line has 5, the last for the day of week: write * * * * *',
    ),
  },
  {
    to: "POST /jobs",
    says: "a cron line with a minute 60",
    ...jobOn({ cron: "60 * * * *" }),
    answers: fault(
      "/schedule/cron",
      "bad_cron",
      "cron field 1 (minute): 60 is out of range; allowed are 0 to 59, lists (1,3), ranges (1-5) and steps (*/2)",
    ),
  },
  {
    to: "POST /jobs",
    says: "30 February",
    ...jobOn({ cron: "0 0 30 2 *" }),
    answers: fault("/schedule/cron", "schedule_never_fires", "30 February never comes: the day of month 30 does not exist in month 2"),
  },
  {
    to: "POST /jobs",
    says: "31 of short months",
    ...jobOn({ cron: "0 0 31 4,6 *" }),
    answers: fault(
      "/schedule/cron",
      "schedule_never_fires",
      "the day of month 31 never comes in April (at most 30 days), June (at most 30 days): no such day exists",
    ),
  },
  {
    to: "POST /jobs",
    says: "an unknown time zone",
    ...jobOn({ cron: "0 2 * * *", timezone: "Europe/Berlln" }),
    answers: fault("/schedule/timezone", "unknown_time_zone", '"Europe/Berlln" is not an IANA time zone: did you mean Europe/Berlin?'),
  },
  {
    to: "POST /jobs",
    says: "a time zone that is no text",
    ...jobOn({ cron: "0 2 * * *", timezone: 2 }),
    answers: fault("/schedule/timezone", "invalid_type", "must be a string"),
  },
  {
    to: "POST /jobs",
    says: "an interval of nothing",
    ...jobOn({ every: "0s" }),
    answers: fault("/schedule/every", "bad_duration", 'the duration "0s" must be more than 0 and not astronomical'),
  },
  {
    to: "POST /jobs",
    says: "an interval that is too short",
    ...jobOn({ every: "99ms" }),
    answers: fault("/schedule/every", "bad_duration", 'the interval "99ms" is too short: at least 100ms'),
  },
  {
    to: "POST /jobs",
    says: "an interval that is too long",
    ...jobOn({ every: "401d" }),
    answers: fault("/schedule/every", "bad_duration", 'the interval "401d" is too long: at most 400d; use a cron line instead'),
  },
  {
    to: "POST /jobs",
    says: "an interval in bananas",
    ...jobOn({ every: "15 bananas" }),
    answers: fault(
      "/schedule/every",
      "bad_duration",
      '"15 bananas" is not a duration: write numbers with the units w d h m s ms, the larger first, such as 15m, 1h30m or 500ms',
    ),
  },
  {
    to: "POST /jobs",
    says: "an interval that is a number",
    ...jobOn({ every: 60000 }),
    answers: fault("/schedule/every", "invalid_type", 'must be a string with a unit, such as "15m"'),
  },
  {
    to: "POST /jobs",
    says: "an unknown interval of the calendar",
    ...jobOn({ interval: "hourly" }),
    answers: fault(
      "/schedule/interval",
      "invalid_value",
      'must be one of "daily", "weekly", "monthly": write {"cron":"0 * * * *"} for "hourly"',
    ),
  },
  {
    to: "POST /jobs",
    says: "a time of day that does not exist",
    ...jobOn({ interval: "daily", at: "25:00" }),
    answers: fault("/schedule/at", "bad_time_of_day", '"25:00" is not a time of day: write 09:00, 17:30:15, 9am, 5:30pm, noon or midnight'),
  },
  {
    to: "POST /jobs",
    says: "a day that does not exist",
    ...jobOn({ interval: "monthly", on: 32 }),
    answers: fault(
      "/schedule/on",
      "bad_schedule_on",
      '32 is not a day of the month: a monthly schedule runs on a number from 1 to 31, or on "last"',
    ),
  },
  {
    to: "POST /jobs",
    says: "a weekday of a month",
    ...jobOn({ interval: "monthly", on: "monday" }),
    answers: fault(
      "/schedule/on",
      "bad_schedule_on",
      '"monday" is not a day of the month: a monthly schedule runs on a number from 1 to 31, or on "last"',
    ),
  },
  {
    to: "POST /jobs",
    says: "a day of a day",
    ...jobOn({ interval: "daily", on: "monday" }),
    answers: fault("/schedule/on", "bad_schedule_on", "a daily schedule has no day: leave out on, or use the interval weekly"),
  },
  {
    to: "POST /jobs",
    says: "an instant without a zone",
    ...jobOn({ at: "2026-12-01T09:00:00" }),
    answers: fault(
      "/schedule/at",
      "bad_instant",
      '"2026-12-01T09:00:00" names no offset: end it with Z (UTC) or an offset such as +01:00, or add a timezone',
    ),
  },
  {
    to: "POST /jobs",
    says: "an instant with two zones",
    ...jobOn({ at: "2026-12-01T09:00:00Z", timezone: "Europe/Berlin" }),
    answers: fault(
      "/schedule/at",
      "bad_instant",
      '"2026-12-01T09:00:00Z" names an offset and so does the timezone Europe/Berlin: leave one of them out',
    ),
  },
  {
    to: "POST /jobs",
    says: "an instant that does not exist",
    ...jobOn({ at: "2027-02-30T09:00:00Z" }),
    answers: fault("/schedule/at", "bad_instant", '"2027-02-30T09:00:00Z" names a day or time that does not exist'),
  },
  {
    to: "POST /jobs",
    says: "an instant that is no time",
    ...jobOn({ at: "tomorrow" }),
    answers: fault(
      "/schedule/at",
      "bad_instant",
      '"tomorrow" is not an instant: write ISO 8601 such as 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00',
    ),
  },
  {
    to: "POST /jobs",
    says: "an instant of the year 10000",
    ...jobOn({ at: "10000-01-01T00:00:00Z" }),
    answers: fault(
      "/schedule/at",
      "bad_instant",
      '"10000-01-01T00:00:00Z" is not an instant: write ISO 8601 such as 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00',
    ),
  },
  {
    to: "POST /jobs",
    says: "an instant a minute and a bit ago",
    ...jobOn({ at: "2026-01-05T11:58:59.999Z" }),
    answers: neverFires("/schedule/at", "2026-01-05T11:58:59.999Z has passed: an instant may be at most 60 seconds old"),
  },
  {
    to: "POST /jobs",
    says: "an end that has passed",
    ...jobOn({ every: "1m", endAt: "2026-01-05T11:00:00Z" }),
    answers: neverFires("/schedule", "the schedule has no instant after 2026-01-05T12:00:00.000Z: it ends at 2026-01-05T11:00:00.000Z"),
  },
  {
    to: "POST /jobs",
    says: "an end before its start",
    ...jobOn({ every: "1m", startAt: "2026-03-02T00:00:00Z", endAt: "2026-03-01T00:00:00Z" }),
    answers: fault(
      "/schedule/endAt",
      "bad_schedule_window",
      "endAt 2026-03-01T00:00:00.000Z must be after startAt 2026-03-02T00:00:00.000Z",
    ),
  },
  {
    to: "POST /jobs",
    says: "a window without an instant",
    ...jobOn({ cron: "0 0 1 1 *", startAt: "2026-03-01T00:00:00Z", endAt: "2026-04-01T00:00:00Z" }),
    answers: fault(
      "/schedule/endAt",
      "schedule_never_fires",
      "no instant of this schedule lies from startAt 2026-03-01T00:00:00.000Z to endAt 2026-04-01T00:00:00.000Z: its first instant is 2027-01-01T00:00:00.000Z",
    ),
  },
  {
    to: "POST /jobs",
    says: "no runs at most",
    ...jobOn({ every: "1m", maxRuns: 0 }),
    answers: fault("/schedule/maxRuns", "too_small", "must be at least 1"),
  },
  {
    to: "POST /jobs",
    says: "half a run at most",
    ...jobOn({ every: "1m", maxRuns: 1.5 }),
    answers: fault("/schedule/maxRuns", "invalid_type", "must be a whole number"),
  },
  {
    to: "POST /jobs",
    says: "a short string without a meaning",
    ...jobOn("every now and then"),
    answers: fault(
      "/schedule",
      "bad_schedule_text",
      '"every now and then" is no schedule: "every now and then" is not understood; write for example "every 15m", "daily at 09:00", "every monday at 09:00 Europe/Berlin", "monthly on the last day at 18:00", "0 9 * * 1-5", "2026-12-01T09:00:00Z"',
    ),
  },
  {
    to: "POST /jobs",
    says: "an empty string",
    ...jobOn(""),
    answers: fault(
      "/schedule",
      "bad_schedule_text",
      'the schedule is empty: write for example "every 15m", "daily at 09:00", "every monday at 09:00 Europe/Berlin", "monthly on the last day at 18:00", "0 9 * * 1-5", "2026-12-01T09:00:00Z"',
    ),
  },
  {
    to: "POST /jobs",
    says: "a string of 201 characters",
    ...jobOn("x".repeat(201)),
    answers: fault("/schedule", "too_big", "must have at most 200 characters"),
  },
];
