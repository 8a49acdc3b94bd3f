import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cronGarbage } from "../arbitraries.test-support.ts";
import { parseCron } from "../cron/cron-line.ts";
import { nextWallTime } from "../cron/cron-wall.ts";
import type { Suggestion } from "../fault.ts";
import { parseScheduleText } from "../text/parse-text.ts";
import { ScheduleInput } from "./schedule-input.ts";
import { parseZone } from "../zone/zone.ts";

type Said = { readonly message: string; readonly suggestions: readonly Suggestion[] };

/** The issues of a refused request. */
function readIssues(wire: unknown): Said[] {
  const issues = ScheduleInput.safeParse(wire).error?.issues ?? [];
  return issues.map((issue) => {
    const params = issue.code === "custom" ? (issue.params as Partial<Said>) : {};
    return { message: issue.message, suggestions: params.suggestions ?? [] };
  });
}

/** A suggestion as a message shows it, and as a request sends it. */
const shown = (suggestion: Suggestion): string => (typeof suggestion === "string" ? suggestion : Object.values(suggestion)[0]) ?? "";

function expectAccepted({ message, suggestions }: Said): void {
  for (const suggestion of suggestions) {
    expect(message).toContain(shown(suggestion));
    expect({ suggestion, refused: readIssues(suggestion).map((said) => said.message) }).toEqual({ suggestion, refused: [] });
  }
  // A message proposes only suggestions that were tried.
  if (/: write (?!for example|numbers|ISO|00:00|09:00)|did you mean (?!\w+\/)/.test(message)) expect(suggestions).not.toEqual([]);
}

const zone = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", "", " UTC", " Europe/Berlin", " in Asia/Tokyo", " in Japan") },
  { weight: 1, arbitrary: fc.constant(" Mars/Olympus") },
);
const front = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("", "", "CRON_TZ=Asia/Tokyo ", "TZ=UTC ") },
  { weight: 1, arbitrary: fc.constant("TZ=Mars ") },
);
const words =
  "every daily weekly yearly hourly at on the last day monday moday sunday wekly evry minuts other second first third month months 2 1.5h 1,5h 90 biweekly H PT5M P1M 2026-12-01 @noon @biweekly 9h30 weekday on 15th Berlin 1M 15M 1d 5ms 15m 0:15 00:15 09:00 9am noon nooon and mon-fri 5 minutes rate(5 minutes) @every TZ=UTC CRON_TZ=Asia/Tokyo";
const shortString = fc
  .tuple(fc.array(fc.constantFrom(...words.split(" ")), { minLength: 1, maxLength: 6 }), zone)
  .map(([said, where]) => `${said.join(" ")}${where}`);

describe("what a refusal says to write is accepted", () => {
  test("for cron lines, alone and with a zone", () => {
    fc.assert(
      fc.property(front, cronGarbage, zone, (before, cron, end) => {
        for (const wire of [{ cron: `${before}${cron}${end}` }, `${before}${cron}${end}`]) readIssues(wire).forEach(expectAccepted);
      }),
      { numRuns: 400 },
    );
  });

  test("for short strings", () => {
    fc.assert(
      fc.property(shortString, (text) => {
        for (const wire of [text, { cron: text }, { every: text }]) readIssues(wire).forEach(expectAccepted);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(["every blue moon", ""])("for %p: all examples", (text) => {
    const read = parseScheduleText(text);
    const [, examples = ""] = (read.kind === "fault" ? read.message : "").split("write for example ");
    const texts = [...examples.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
    expect(texts.length).toBeGreaterThan(4);
    for (const example of texts) expect(readIssues(example)).toEqual([]);
  });

  test("for zones with a slip of typing", () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
    fc.assert(
      fc.property(zones, fc.nat(30), fc.constantFrom("", "x", "e"), (name, at, letter) => {
        const read = parseZone(`${name.slice(0, at)}${letter}${name.slice(at + 1)}`);
        const meant = read.kind === "fault" ? /did you mean (.*)\?$/.exec(read.message)?.[1] : undefined;
        if (meant !== undefined) expect(parseZone(meant)).toMatchObject({ kind: "parsed" });
      }),
      { numRuns: 60 },
    );
  });
});

const DAYS = Array.from({ length: 365 }, (_, day) => Date.UTC(2026, 0, 1 + day));

/** An item of Quartz's day of week, and whether a day is one of it: an oracle that shares no code with the checked function. */
type QuartzItem = { readonly text: string; readonly has: (at: number) => boolean };

const quartzDay = (at: number): number => new Date(at).getUTCDay() + 1;
const nthOfMonth = (at: number): number => Math.ceil(new Date(at).getUTCDate() / 7);
const isLastOfMonth = (at: number): boolean => new Date(at + 7 * 86_400_000).getUTCMonth() !== new Date(at).getUTCMonth();

const day = fc.integer({ min: 1, max: 7 });
const quartzItem: fc.Arbitrary<QuartzItem> = fc.oneof(
  day.map((a) => ({ text: `${a}`, has: (at: number) => quartzDay(at) === a })),
  fc.tuple(day, day).map(([a, b]) => ({ text: `${a}-${b}`, has: (at: number) => (quartzDay(at) - a + 7) % 7 <= (b - a + 7) % 7 })),
  fc
    .tuple(day, day)
    .map(([a, step]) => ({ text: `${a}/${step}`, has: (at: number) => quartzDay(at) >= a && (quartzDay(at) - a) % step === 0 })),
  fc
    .tuple(day, fc.integer({ min: 1, max: 5 }))
    .map(([a, n]) => ({ text: `${a}#${n}`, has: (at: number) => quartzDay(at) === a && nthOfMonth(at) === n })),
  day.map((a) => ({ text: `${a}L`, has: (at: number) => quartzDay(at) === a && isLastOfMonth(at) })),
  fc.constant({ text: "L", has: (at: number) => quartzDay(at) === 7 }),
);

test("the line with names that EventBridge's numbers get fires on the days that are meant", () => {
  fc.assert(
    fc.property(fc.array(quartzItem, { minLength: 1, maxLength: 3 }), (items) => {
      const read = parseCron(`cron(0 0 ? * ${items.map(({ text }) => text).join(",")} *)`);
      const [line] = read.kind === "fault" ? (read.suggestions ?? []) : [];
      const cron = parseCron(typeof line === "string" ? line : "none");
      if (cron.kind === "fault") throw new Error(`${JSON.stringify(read)} suggests nothing that is accepted`);
      const fires = DAYS.filter((at) => nextWallTime(cron.value, at - 1) === at);
      expect(fires).toEqual(DAYS.filter((at) => items.some(({ has }) => has(at))));
    }),
    { numRuns: 60 },
  );
});

test("a word with one letter too few gets the word back, or no suggestion", () => {
  const texts = [
    "every monday at 09:00",
    "every wednesday",
    "weekly on friday at 17:30",
    "monthly on the last day",
    "every 15 minutes",
    "yearly",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(8), (text, at) => {
      const typed = text.replace(/[a-z]{5,}/, (word) => `${word.slice(0, at % word.length)}${word.slice((at % word.length) + 1)}`);
      const read = parseScheduleText(typed);
      const [meant] = read.kind === "fault" ? (read.suggestions ?? []) : [];
      if (meant !== undefined) expect(ScheduleInput.parse(meant)).toEqual(ScheduleInput.parse(text));
    }),
  );
});
