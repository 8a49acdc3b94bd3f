import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readRetryAfterMs } from "../../attempt/thrown-error.ts";
import { end, handler, target } from "./http-handler.test-support.ts";
import { parseHttpDate, retryAfterMs } from "./retry-after.ts";

const at = (iso: string): number => Date.parse(iso);
const now = at("2026-11-30T12:00:00Z");
const wait = (headers: Record<string, string | string[]>) =>
  retryAfterMs(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()])), {
    now,
    retryAfterMsMax: 3_600_000,
  });

test.each<[string, Record<string, string | string[]>, number | null]>([
  ["nothing", {}, null],
  ["seconds", { "retry-after": "120" }, 120_000],
  ["no seconds", { "retry-after": "0" }, 0],
  ["seconds with blanks around", { "retry-after": " 5 " }, 5_000],
  ["more seconds than the limit", { "retry-after": "86400" }, 3_600_000],
  ["more seconds than there are", { "retry-after": "9".repeat(400) }, 3_600_000],
  ["a date, by our clock", { "retry-after": "Mon, 30 Nov 2026 12:01:30 GMT" }, 90_000],
  ["a date, by the target's clock", { "retry-after": "Mon, 30 Nov 2026 13:01:30 GMT", date: "Mon, 30 Nov 2026 13:01:00 GMT" }, 30_000],
  ["a date, and a date of the answer that is none", { "retry-after": "Mon, 30 Nov 2026 12:01:30 GMT", date: "today" }, 90_000],
  ["a date of old", { "retry-after": "Monday, 30-Nov-26 12:01:30 GMT" }, 90_000],
  ["a date of C", { "retry-after": "Mon Nov 30 12:01:30 2026" }, 90_000],
  ["a date that has passed", { "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" }, 0],
  ["a date far away", { "retry-after": "Sun, 06 Nov 2033 08:49:37 GMT" }, 3_600_000],
  ["several: the longest", { "retry-after": ["5", "60", "soon"] }, 60_000],
  ...["soon", "", "-5", "1.5", "1e3", "0x10", "5s", "2026-11-30T12:01:30Z", "Mon, 31 Nov 2026 12:01:30 GMT"].map(
    (text): [string, Record<string, string>, null] => [`no time: ${JSON.stringify(text)}`, { "retry-after": text }, null],
  ),
])("Retry-After: %s", (_, headers, expected) => {
  expect(wait(headers)).toBe(expected);
});

test("a date is read as it was written", () => {
  const instants = fc.integer({ min: at("1970-01-01T00:00:00Z") / 1_000, max: at("2099-12-31T23:59:59Z") / 1_000 });
  fc.assert(fc.property(instants, (seconds) => parseHttpDate(new Date(seconds * 1_000).toUTCString(), now) === seconds * 1_000));
});

test.each([
  ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"],
  ["Sunday, 06-Nov-76 08:49:37 GMT", "2076-11-06T08:49:37Z"],
  ["Sunday, 06-Nov-77 08:49:37 GMT", "1977-11-06T08:49:37Z"],
  ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"],
])("%s is %s", (text, iso) => {
  expect(parseHttpDate(text, now)).toBe(at(iso));
});

test.each([429, 503, 500])("an answer of %d with Retry-After sets the wait", async (status) => {
  const { url } = await target(end(status, "", { "retry-after": "7" }));
  const fault: unknown = await handler()
    .run({ url })
    .catch((thrown: unknown) => thrown);
  expect(readRetryAfterMs(fault)).toBe(7_000);
  expect(fault).toMatchObject({ message: expect.stringContaining("the target asks to wait 7 s") });
});

test("the longest wait is a limit of the handler", async () => {
  const { url } = await target(end(429, "", { "retry-after": "86400" }));
  const wait = (limits: Parameters<typeof handler>[0]) => handler(limits).run({ url }).catch(readRetryAfterMs);
  expect(await wait({})).toBe(3_600_000);
  expect(await wait({ retryAfterMsMax: 1_000 })).toBe(1_000);
});
