import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ODD_ZONES, cronGarbage, cronOfMinutes, cronOfSeconds } from "../arbitraries.test-support.ts";
import { LAST_PATTERN, WEEKDAY_PATTERN, parseCalendarDay } from "../calendar/calendar.ts";
import { CRON_PATTERN, parseCron } from "../cron/cron-line.ts";
import { DURATION_PATTERN, parseDuration } from "../interval/duration.ts";
import { type Parsed, fault, parsed } from "../fault.ts";
import { INSTANT_PATTERN, WALL_TIME_PATTERN, parseInstant, parseIsoTime } from "../calendar/iso-time.ts";
import { TIME_OF_DAY_PATTERN, parseSpokenTime } from "../calendar/time-of-day.ts";
import { ZONE_PATTERN, isZone } from "../zone/zone.ts";

/** As JSON Schema reads patterns. */
const regex = (pattern: string): RegExp => new RegExp(pattern, "u");

interface Case {
  readonly pattern: string;
  readonly parse: (text: string) => Parsed<unknown>;
  /** Texts as clients write them, including wrong ones. */
  readonly texts: fc.Arbitrary<string>;
  /** Texts that the pattern matches and the parser refuses: no pattern can express the difference. */
  readonly mayRefuse: RegExp | null;
}

const digits = (n: number): string => String(n).padStart(2, "0");
const two = (max: number): fc.Arbitrary<string> => fc.integer({ min: 0, max }).map(digits);
const isoTime = fc
  .tuple(
    fc.constantFrom("1970", "1972", "1999", "2000", "2023", "2024", "2100", "2400", "9999", "1900", "999"),
    two(13),
    two(32),
    fc.constantFrom("T", "t", " "),
    two(24),
    two(60),
    fc.constantFrom("", ":00", ":59.5", ":60", ":00.1234567890", ":30.123456789"),
    fc.constantFrom("", "Z", "z", "+01:00", "-23:59", "+24:00", "+0100"),
  )
  .map(([year, month, day, t, hour, minute, rest, offset]) => `${year}-${month}-${day}${t}${hour}:${minute}${rest}${offset}`);
const pieces = (...words: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...words), { maxLength: 8 }).map((parts) => parts.join(""));
const withBlanks = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom("", "", " ", "\t "), texts, fc.constantFrom("", "", " ")).map((parts) => parts.join(""));

const CASES: Readonly<Record<string, Case>> = {
  instant: { pattern: INSTANT_PATTERN, parse: parseInstant, texts: isoTime, mayRefuse: /outside the years/ },
  "time on a wall": {
    pattern: WALL_TIME_PATTERN,
    parse: (text) => (parseInstant(text).kind === "parsed" ? fault("bad_instant", "has an offset") : parseIsoTime(text)),
    texts: isoTime,
    mayRefuse: null,
  },
  duration: {
    pattern: DURATION_PATTERN,
    parse: parseDuration,
    texts: fc.oneof(
      pieces("1", "20", "w", "D", "h", "m", "M", "s", "ms", " ", "0"),
      pieces("1.5", "two", "Thirty", " hours", " min", "days", "PT", "T", "5M", "1H", ", ", " and ", " "),
      fc.constantFrom("hour", "Minute", "1 hour and 30 minutes", "1h, 30m", "PT1H30M", "P1DT12H", "pt0.5s", "two and a half hours"),
    ),
    mayRefuse: /./,
  },
  "time of day": {
    pattern: TIME_OF_DAY_PATTERN,
    parse: parseSpokenTime,
    texts: fc.oneof(
      pieces("0", "1", "9", "12", "23", "24", ":", ":00", ":59", ":60", "am", " p.m.", "PM"),
      fc.constantFrom("Noon", "midday", "midnight", "noonish"),
    ),
    mayRefuse: null,
  },
  zone: {
    pattern: ZONE_PATTERN,
    parse: (text) => (isZone(text.trim()) ? parsed(text) : fault("unknown_time_zone", "is not a time zone")), // `parseZone` looks for what is meant.
    texts: fc.oneof(
      fc.constantFrom(...ODD_ZONES, ...Intl.supportedValuesOf("timeZone"), "utc", "Etc/GMT+5"),
      pieces("Europe", "/", "Berlin", "+1", "_", "é"),
    ),
    mayRefuse: /is not a time zone/,
  },
  "cron line": {
    pattern: CRON_PATTERN,
    parse: parseCron,
    texts: fc.oneof(
      cronOfMinutes,
      cronOfSeconds,
      cronGarbage,
      fc.constantFrom(
        "@Daily",
        "@daily x",
        "cron(0 10 * * ? *)",
        "@nope",
        "* * * *",
        "é * * * *",
        "\u201c0 9 * * 1\u20135\u201d",
        "0 9 * * 1 - 5",
        "0 9 * * 1, 2, 3",
        "'*/5 * * * *'",
        "0 9 \u2217 * *",
        "0 0 L-3 * *",
        "cron (0 10 * * ? *)",
      ),
    ),
    mayRefuse: /./,
  },
  "day of a week": {
    pattern: WEEKDAY_PATTERN,
    parse: (text) => parseCalendarDay("weekly", text),
    texts: fc.constantFrom("monday", "SUNDAY", "last", "mon", "", "1"),
    mayRefuse: null,
  },
  "day of a month": {
    pattern: LAST_PATTERN,
    parse: (text) => parseCalendarDay("monthly", text),
    texts: fc.constantFrom("monday", "SUNDAY", "last", "Last", "mon", "", "1", "lastday"),
    mayRefuse: null,
  },
};

describe("the pattern of the document matches what the parser reads, and nothing that it need not", () => {
  test.each(Object.entries(CASES))("%s", (name, { pattern, parse, texts, mayRefuse }) => {
    const matches = regex(pattern);
    fc.assert(
      fc.property(name.startsWith("day") ? texts : withBlanks(texts), (text) => {
        const read = parse(text);
        if (read.kind === "parsed") expect([text, matches.test(text)]).toEqual([text, true]);
        else if (matches.test(text)) expect([text, mayRefuse?.test(read.message)]).toEqual([text, true]);
      }),
      { numRuns: 300 },
    );
  });

  test("every day of the leap and of the other years", () => {
    const matches = regex(INSTANT_PATTERN);
    const dates = [1970, 1972, 1999, 2000, 2023, 2024, 2096, 2100, 2400, 3200, 9996].flatMap((year) =>
      Array.from({ length: 14 * 33 }, (_, i) => `${year}-${digits(Math.floor(i / 33))}-${digits(i % 33)}T12:00Z`),
    );
    expect(dates.filter((text) => matches.test(text))).toEqual(dates.filter((text) => parseInstant(text).kind === "parsed"));
  });
});
