import { fault, faults, fetchJob, job, neverFires, refused, type BadInput } from "./bad-input.test-support.ts";

/** Edits that make no sense, or come from an older version. */
export const jobEditCases: readonly BadInput[] = [
  {
    to: "PUT /jobs/{job}",
    says: "nothing said",
    body: {},
    answers: faults(
      ["/name", "required", "is required"],
      ["/handler", "required", "is required"],
      ["/schedule", "required", "is required"],
    ),
  },
  {
    to: "PUT /jobs/{job}",
    says: "unknown fields, read-only ones ignored",
    ...job({ id: "other", status: 5, nope: true }),
    answers: fault("/nope", "unknown_field", 'there is no field "nope" here'),
  },
  {
    to: "PUT /jobs/{job}",
    says: "an unknown handler and queue",
    ...job({ handler: "telegraph", queue: "express" }),
    answers: faults(
      ["/queue", "unknown_queue", 'there is no queue "express": there are high, default, low'],
      ["/handler", "unknown_handler", 'there is no handler "telegraph": there are http, noop'],
    ),
  },
  {
    to: "PUT /jobs/{job}",
    says: "params that the handler refuses",
    ...fetchJob({}),
    answers: fault("/params/url", "required", "is required"),
  },
  {
    to: "PUT /jobs/{job}",
    says: "an unknown query key",
    ...job({}),
    query: "force",
    answers: fault("/force", "unknown_parameter", 'there is no query parameter "force" here'),
  },
  {
    to: "PUT /jobs/{job}",
    says: "a version it is not at",
    ...job({}),
    headers: { "if-match": '"7"' },
    answers: refused("version_mismatch", "the job is at version 1"),
  },
  {
    to: "PUT /jobs/{job}",
    says: "a weak version",
    ...job({}),
    headers: { "if-match": 'W/"1"' },
    answers: refused("version_mismatch", "the job is at version 1"),
  },
  {
    to: "PUT /jobs/{job}",
    says: "a version without quotes",
    ...job({}),
    headers: { "if-match": "1" },
    answers: refused("bad_header", 'If-Match has to be * or quoted versions such as "3", as ETag gives them'),
  },
  {
    to: "PUT /jobs/{job}",
    says: "only if there is none",
    ...job({}),
    headers: { "if-none-match": "*" },
    answers: refused("version_mismatch", "the job is at version 1"),
  },
  {
    to: "PUT /jobs/{job}",
    says: "only at another version",
    ...job({}),
    headers: { "if-none-match": '"1"' },
    answers: refused("version_mismatch", "the job is at version 1"),
  },
  {
    to: "DELETE /jobs/{job}",
    says: "a condition that is none",
    headers: { "if-none-match": "1" },
    answers: refused("bad_header", 'If-None-Match has to be * or quoted versions such as "3", as ETag gives them'),
  },
  {
    to: "PUT /jobs/new",
    says: "only if there is one",
    ...job({}),
    headers: { "if-match": "*" },
    answers: refused("version_mismatch", "there is no such job, and If-Match requires one"),
  },
  {
    to: "PUT /jobs/new",
    says: "an unknown handler",
    ...job({ handler: "telegraph" }),
    answers: fault("/handler", "unknown_handler", 'there is no handler "telegraph": there are http, noop'),
  },
  {
    to: "PUT /jobs/-new",
    says: "an id that begins with a hyphen",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"-new" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PUT /jobs/a%20b",
    says: "an id with a blank",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"a b" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PUT /jobs/..%2F..%2Fetc",
    says: "an id that climbs",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"../../etc" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PUT /jobs/%00",
    says: "an id that is a zero byte",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"\\u0000" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PUT /jobs/%E0%A4%A",
    says: "an id that is no UTF-8",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"%E0%A4%A" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PUT /jobs/" + "a".repeat(129),
    says: "an id of 129 characters",
    ...job({}),
    answers: refused(
      "invalid_id",
      '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" must be 1 to 128 letters, digits, dots, underscores or hyphens, and begin with a letter or digit',
    ),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "an unknown field, even to remove it",
    body: { nope: null },
    answers: fault("/nope", "unknown_field", 'there is no field "nope" here'),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "what is required removed",
    body: { name: null, handler: null, schedule: null },
    answers: faults(
      ["/name", "required", "is required"],
      ["/handler", "required", "is required"],
      ["/schedule", "required", "is required"],
    ),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "wrong types",
    body: { name: 5, timeoutMs: "1", retry: { maxAttempts: 0 } },
    answers: faults(
      ["/name", "invalid_type", "must be a string"],
      ["/retry/maxAttempts", "too_small", "must be at least 1"],
      ["/timeoutMs", "invalid_type", "must be a number"],
    ),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "another kind of schedule, the old one left in",
    body: { schedule: { cron: "0 2 * * *" } },
    answers: fault(
      "/schedule",
      "bad_schedule",
      "a schedule is of one kind, and this one has cron and every: keep one of them; a PATCH sets the other one to null",
    ),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "an unknown handler",
    body: { handler: "telegraph" },
    answers: fault("/handler", "unknown_handler", 'there is no handler "telegraph": there are http, noop'),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "params that the new handler refuses",
    body: { handler: "http" },
    answers: fault("/params/url", "required", "is required"),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "an unknown queue",
    body: { queue: "express" },
    answers: fault("/queue", "unknown_queue", 'there is no queue "express": there are high, default, low'),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "an instant long ago",
    body: { schedule: { every: null, at: "2020-01-01T00:00:00Z" } },
    answers: neverFires("/schedule/at", "2020-01-01T00:00:00.000Z has passed: an instant may be at most 60 seconds old"),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "a version it is not at",
    body: { name: "x" },
    headers: { "if-match": '"7", "8"' },
    answers: refused("version_mismatch", "the job is at version 1"),
  },
  { to: "PATCH /jobs/nobody", says: "an unknown id", body: { name: "x" }, answers: refused("job_not_found", 'there is no job "nobody"') },
  {
    to: "PATCH /jobs/a%20b",
    says: "an id that cannot be",
    body: { name: "x" },
    answers: refused("job_not_found", 'there is no job "a b"'),
  },
  {
    to: "PATCH /jobs/{job}",
    says: "an unknown query key",
    body: {},
    query: "x=1",
    answers: fault("/x", "unknown_parameter", 'there is no query parameter "x" here'),
  },
];
