import { fault, jobOn, neverFires, type BadInput } from "./bad-input.test-support.ts";

/** Previews that make no sense. */
export const previewCases: readonly BadInput[] = [
  {
    to: "PUT /jobs/new",
    says: "an instant long ago",
    ...jobOn({ at: "2020-01-01T00:00:00Z" }),
    answers: neverFires("/schedule/at", "2020-01-01T00:00:00.000Z has passed: an instant may be at most 60 seconds old"),
  },
  {
    to: "POST /schedules/preview",
    says: "an instant long ago",
    body: { schedule: { at: "2020-01-01T00:00:00Z" } },
    answers: neverFires("/schedule/at", "2020-01-01T00:00:00.000Z has passed: an instant may be at most 60 seconds old"),
  },
  {
    to: "POST /schedules/preview",
    says: "an instant before the beginning",
    body: { schedule: { at: "2026-06-01T00:00:00Z" }, from: "2026-06-02T00:00:00Z" },
    answers: neverFires("/schedule/at", "2026-06-01T00:00:00.000Z has passed: an instant may be at most 60 seconds old"),
  },
  {
    to: "POST /schedules/preview",
    says: "an end before the beginning",
    body: { schedule: { every: "1m", endAt: "2026-06-01T00:00:00Z" }, from: "2026-06-02T00:00:00Z" },
    answers: neverFires("/schedule", "the schedule has no instant after 2026-06-02T00:00:00.000Z: it ends at 2026-06-01T00:00:00.000Z"),
  },
  {
    to: "POST /schedules/preview",
    says: "a slip of typing",
    body: { schedule: "every moday at 09:00" },
    answers: fault(
      "/schedule",
      "bad_schedule_text",
      '"every moday at 09:00" is no schedule: "every moday" is not understood; did you mean "every monday at 09:00"?',
    ),
  },
  {
    to: "POST /schedules/preview",
    says: "weekdays as EventBridge counts them",
    body: { schedule: "cron(0 10 ? * 2-6 *) Europe/Berlin" },
    answers: fault(
      "/schedule",
      "bad_cron",
      '"cron(0 10 ? * 2-6 *)" counts days of the week from 1 (Sunday) as EventBridge does, and here 0 and 7 are Sunday: write 0 10 ? * MON-FRI Europe/Berlin',
    ),
  },
  {
    to: "POST /schedules/preview",
    says: "a time zone within a cron line",
    body: { schedule: { cron: "CRON_TZ=Europe/Berlin 0 9 * * *" } },
    answers: fault(
      "/schedule/cron",
      "bad_cron",
      '"CRON_TZ=Europe/Berlin 0 9 * * *" names a time zone, which stands in the field timezone: write {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}',
    ),
  },
  { to: "POST /schedules/preview", says: "nothing said", body: {}, answers: fault("/schedule", "required", "is required") },
  {
    to: "POST /schedules/preview",
    says: "an unknown field",
    body: { schedule: "daily", to: "2026-01-01T00:00:00Z" },
    answers: fault("/to", "unknown_field", 'there is no field "to" here'),
  },
  {
    to: "POST /schedules/preview",
    says: "no instants",
    body: { schedule: "daily", count: 0 },
    answers: fault("/count", "too_small", "must be at least 1"),
  },
  {
    to: "POST /schedules/preview",
    says: "101 instants",
    body: { schedule: "daily", count: 101 },
    answers: fault("/count", "too_big", "must be at most 100"),
  },
  {
    to: "POST /schedules/preview",
    says: "a count that is a text",
    body: { schedule: "daily", count: "5" },
    answers: fault("/count", "invalid_type", "must be a number"),
  },
  {
    to: "POST /schedules/preview",
    says: "a beginning that is no instant",
    body: { schedule: "daily", from: "yesterday" },
    answers: fault(
      "/from",
      "bad_instant",
      '"yesterday" is not an instant: write ISO 8601 such as 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00',
    ),
  },
  {
    to: "POST /schedules/preview",
    says: "a beginning without a zone",
    body: { schedule: "daily", from: "2026-01-01T00:00:00" },
    answers: fault("/from", "bad_instant", '"2026-01-01T00:00:00" names no offset: end it with Z (UTC) or an offset such as +01:00'),
  },
  {
    to: "POST /schedules/preview",
    says: "30 February",
    body: { schedule: "0 0 30 2 *" },
    answers: fault("/schedule", "schedule_never_fires", "30 February never comes: the day of month 30 does not exist in month 2"),
  },
  {
    to: "POST /schedules/preview",
    says: "an unknown time zone in a short string",
    body: { schedule: "every day at 09:00 Mars/Olympus" },
    answers: fault("/schedule", "unknown_time_zone", '"Mars/Olympus" is not an IANA time zone: use a name such as Europe/Berlin or UTC'),
  },
  {
    to: "POST /schedules/preview",
    says: "an unknown query key",
    body: { schedule: "daily" },
    query: "count=3",
    answers: fault("/count", "unknown_parameter", 'there is no query parameter "count" here'),
  },
];
