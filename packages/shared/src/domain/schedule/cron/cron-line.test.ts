import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cronGarbage, cronOfMinutes, cronOfSeconds } from "../arbitraries.test-support.ts";
import { CRON_FIELDS, DAY_OF_WEEK } from "./cron-field.ts";
import { isFixedTime, joinsDaysByOr, parseCron } from "./cron-line.ts";
import { cronValues } from "./cron-values.ts";
import { nextWallTime } from "./cron-wall.ts";
import { parseDuration } from "../interval/duration.ts";

test("blanks are made single, and the rest stays as it was written", () => {
  expect(parseCron("  0\t9 * *   mon-fri ")).toEqual({ kind: "parsed", value: "0 9 * * mon-fri" });
});

test.each([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@Weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
])("%s is %s", (nickname, value) => {
  expect(parseCron(nickname)).toEqual({ kind: "parsed", value });
});

describe("the message names the field, the fault and what is allowed", () => {
  test.each([
    ["60 * * * *", "cron field 1 (minute): 60 is out of range; allowed are 0 to 59"],
    ["0 24 * * *", "cron field 2 (hour): 24 is out of range; allowed are 0 to 23"],
    ["0 0 0 * *", "cron field 3 (day of month): 0 is out of range; allowed are 1 to 31, L, L-3, LW, 15W"],
    ["0 0 1 13 *", "cron field 4 (month): 13 is out of range; allowed are 1 to 12 or JAN to DEC"],
    ["0 0 * * 8", "cron field 5 (day of week): 8 is out of range; allowed are 0 to 7 or SUN to SAT"],
    ["60 0 0 * * *", "cron field 1 (second): 60 is out of range"],
    ["0 0 24 * * *", "cron field 3 (hour): 24 is out of range"],
    ["0 0 * FOO *", 'cron field 4 (month): "FOO" is not understood'],
    ["0 0 * * MO", 'cron field 5 (day of week): "MO" is not understood'],
    ["0 0 * * MONDAYS", 'cron field 5 (day of week): "MONDAYS" is not understood'],
    ["0 0 * * +FRI", 'cron field 5 (day of week): "+FRI" is not understood'],
    ["0 0 L-31 * *", "cron field 3 (day of month): L-31 is out of range: L-1 to L-30"],
    ["0 0 L-0 * *", "cron field 3 (day of month): L-0 is out of range"],
    ["0 0 1,LW-1 * *", 'cron field 3 (day of month): "LW-1" is not understood'],
    ["0 0 32W * *", "cron field 3 (day of month): 32 is out of range"],
    ["0 0 1,LW * *", 'cron field 3 (day of month): "LW" must stand alone'],
    ["0 0 * * MON#6", "cron field 5 (day of week): #6 is out of range: #1 to #5"],
    ["0 0 * * L", 'cron field 5 (day of week): "L" alone is Saturday to Quartz, and nothing here: write 0 0 * * SAT'],
    ["0 0 * * 1-5#2", 'cron field 5 (day of week): "1-5#2" is not understood'],
    [
      "7/90 * * * *",
      'cron field 1 (minute): the step 90 is out of range: 1 to 60, and cron takes it for 7 alone: write 7 * * * *; every 1h30m is a fixed interval: write {"every": "1h30m"}',
    ],
    ["*/90 9-17 * * *", "the step 90 is out of range: 1 to 60, and cron takes it for 0 alone: write 0 9-17 * * *"],
    ["*/0 * * * *", "cron field 1 (minute): the step 0 is out of range: 1 to 60"],
    ["*/61 * * * *", "cron field 1 (minute): the step 61 is out of range: 1 to 60"],
    ["0 */25 * * *", "cron field 2 (hour): the step 25 is out of range: 1 to 24"],
    ["0 0 * * */8", "cron field 5 (day of week): the step 8 is out of range: 1 to 7"],
    ["0,,5 * * * *", "cron field 1 (minute): a value is empty: look for a stray comma: write 0,5 * * * *"],
    ["0 0 * * 5,", "cron field 5 (day of week): a value is empty: look for a stray comma: write 0 0 * * 5"],
    ["*,5 * * * *", 'cron field 1 (minute): "*" must stand alone, not in a list: write * * * * *'],
    ["H/15 * * * *", '"H/15" is a value that Jenkins picks for each job, and Tickline does not: name one: write */15 * * * *'],
    ["H H(0-7) * * 1-5", "name one: write 0 0 * * 1-5"],
    ["0~30 9 * * *", '"0~30" is a random value, which Tickline does not pick: name one: write 0 9 * * *'],
    ["*/5 * * *", '"*/5 * * *" has 4 fields, and a cron line has 5, the last for the day of week: write */5 * * * *'],
    ["0 0-24/2 * * *", ": write 0 0-23/2 * * *"],
    ["0 9pm 1st * weekdays", ": write 0 21 1 * MON-FRI"],
    ["0 9 last * Mon..Fri", ": write 0 9 L * Mon-Fri"],
    ["0 9 * * MO-FR", ": write 0 9 * * MON-FRI"],
    ["0 9 * JUNI MONDY", ": write 0 9 * JUN MON"],
    ["0 9 * * 1-5 /usr/bin/backup", "has a command behind its fields: write 0 9 * * 1-5"],
    ["0 0 9 * * 1 root /bin/x", "has a command behind its fields: write 0 0 9 * * 1"],
    ["0 9 * * * # nightly", "has a command behind its fields: write 0 9 * * *"],
    ["0 15 10 ? * 6L 2026-2028", "leave out 2026-2028 and set startAt and endAt: write 0 15 10 ? * FRIL"],
    ["cron(0 9 ? * 6L 2026)", "leave out 2026 and set startAt and endAt: write 0 9 ? * FRIL"],
    ["0 0 9 * * * 3", '"0 0 9 * * * 3" has 7 fields'],
    ["@noon", '"@noon" is not a nickname of a cron line: write 0 12 * * *'],
    ["@biweekly", '"@biweekly" is not a nickname of a cron line: use @hourly'],
    ["? ? ? * *", 'cron field 1 (minute): "?" stands for any day, and in the two day fields alone: write * * ? * *'],
    ["1.5 * * * *", 'cron field 1 (minute): "1.5" is not understood'],
    ["0 9 *", '"0 9 *" has 3 fields'],
    [
      "0 0 9 * * * 2026",
      '"0 0 9 * * * 2026" restricts the years in its last field: leave out 2026 and set startAt and endAt: write 0 0 9 * * *',
    ],
    [
      "cron(0 10 * * ? 2026-2028)",
      "restricts the years as EventBridge does: leave out 2026-2028 and set startAt and endAt: write 0 10 * * ?",
    ],
    ["0 9 * * 1-5 2026-2028", "restricts the years in its last field: leave out 2026-2028"],
    ["0 10 * * ? 2026", "restricts the years as EventBridge does"],
    ["cron(0 10 * * ?)", '"cron(0 10 * * ?)" has 5: EventBridge'],
    [
      "cron(0 10 ? * 2-6 *)",
      "counts days of the week from 1 (Sunday) as EventBridge does, and here 0 and 7 are Sunday: write 0 10 ? * MON-FRI",
    ],
    ["0 10 ? * L *", "write 0 10 ? * SAT"],
    ["0 10 ? * 6#3 *", "write 0 10 ? * FRI#3"],
    ["0 10 ? * 0 *", "here 0 and 7 are Sunday: name them SUN to SAT"],
    ["@dialy", '"@dialy" is not a nickname of a cron line: did you mean @daily?'],
    ["", '"" has 0 fields'],
    ["@reboot", '"@reboot" is not a nickname'],
  ])("%p: %s", (cron, message) => {
    expect(parseCron(cron)).toMatchObject({ kind: "fault", code: "bad_cron", message: expect.stringContaining(message) });
  });
});

describe("what others write is read where its meaning is certain", () => {
  test.each([
    ["names in full", "0 9 * JANUARY,sept MONDAY-thurs", "0 9 * JAN,sep MON-thu"],
    ["names before # and L", "0 9 * * MONDAY#2,FRIDAYL", "0 9 * * MON#2,FRIL"],
    ["a range over the end of the week", "0 9 * * FRI-MON", "0 9 * * FRI-SAT,SUN-MON"],
    ["the same in numbers", "0 9 * * 5-1", "0 9 * * 5-6,0-1"],
    ["a range over midnight", "0 22-6 * * *", "0 22-23,0-6 * * *"],
    ["a step that goes on over midnight", "0 22-6/2 * * *", "0 22,0-6/2 * * *"],
    ["a step that goes on with a shift", "0 22-6/3 * * *", "0 22,1-6/3 * * *"],
    ["a step that ends before midnight", "0 22-1/5 * * *", "0 22 * * *"],
    ["a range over the end of the year", "0 9 1 NOV-FEB *", "0 9 1 NOV-DEC,JAN-FEB *"],
    ["a range over the end of the month", "0 9 25-5 * *", "0 9 25-31,1-5 * *"],
    ["a step from a value on", "5/15 * * * *", "5-59/15 * * * *"],
    ["a step from a value on that goes nowhere", "50/15 * * * *", "50 * * * *"],
    ["a step from a weekday on", "0 9 * * MON/2", "0 9 * * MON-SAT/2"],
    ["a step from Sunday on", "0 9 * * 7/2", "0 9 * * 0-6/2"],
    ["from Sunday on", "0 9 * * 7-3", "0 9 * * 0-3"],
    ["until Sunday", "0 9 * * 6-0", "0 9 * * 6,0"],
    ["Sunday to Sunday", "0 9 * * SUN-SUN", "0 9 * * SUN"],
    ["Sunday to Sunday in full", "0 9 * * SUNDAY-sun", "0 9 * * SUN"],
    ["Sunday to Sunday with a step", "0 9 * * SUN-SUN/2", "0 9 * * SUN"],
    ["7 to 0", "0 9 * * 7-0", "0 9 * * 7"],
    ["every year in a seventh field", "0 0 9 ? * MON-FRI *", "0 0 9 ? * MON-FRI"],
    ["blanks in a list and in a range", "0 9 * * MON - WED, 5", "0 9 * * MON-WED,5"],
    ["the dashes and stars of a word processor", "\u201C0 9 \u2217 * 1\u20135\u201D", "0 9 * * 1-5"],
    ["EventBridge", "cron(0 10 * * ? *)", "0 10 * * ?"],
    ["EventBridge without cron( )", "0/15 8-17 ? * MON-FRI *", "0-59/15 8-17 ? * MON-FRI"],
    ["EventBridge with the nth weekday", "cron( 0  10 ? * MON#1 * )", "0 10 ? * MON#1"],
  ])("%s: %p is %p", (_name, cron, value) => {
    expect(parseCron(cron)).toEqual({ kind: "parsed", value });
    expect(parseCron(value)).toEqual({ kind: "parsed", value });
  });

  test.each([
    ["SUN-SUN", "0"],
    ["0-0", "0"],
    ["7-7", "0"],
    ["7-0", "0"],
    ["7-SUN", "0"],
    ["SUN-0", "0"],
    ["0-7", "0 1 2 3 4 5 6"],
    ["SUN-7", "0 1 2 3 4 5 6"],
    ["0-SUN", "0 1 2 3 4 5 6"],
    ["SUN-SAT", "0 1 2 3 4 5 6"],
    ["7-1", "0 1"],
    ["FRI-SUN", "0 5 6"],
    ["FRI-0", "0 5 6"],
    ["5-7", "0 5 6"],
    ["FRI-MON", "0 1 5 6"],
    ["FRI-TUE/2", "0 2 5"],
    ["FRI-SUN/2", "0 5"],
    ["SUN/3", "0 3 6"],
    ["TUE-MON", "0 1 2 3 4 5 6"],
  ])("the day of week %s is %s, to the one who evaluates it", (weekday, days) => {
    expect(firedWeekdays(`0 0 * * ${weekday}`)).toBe(days);
  });

  test("SUN-SUN that was stored as it was written is Sunday", () => {
    const next = nextWallTime("0 0 * * SUN-SUN", Date.parse("2026-01-04T00:00:00Z"));
    expect(next).toBe(Date.parse("2026-01-11T00:00:00Z"));
  });
});

/** The days on which a line fires in the week from Sunday, 2026-01-04. */
function firedWeekdays(cron: string): string {
  const read = parseCron(cron);
  if (read.kind === "fault") throw new Error(read.message);
  const days = Array.from({ length: 7 }, (_, day) => Date.UTC(2026, 0, 4 + day));
  return days.flatMap((at, day) => (nextWallTime(read.value, at - 1) === at ? [day] : [])).join(" ");
}

test("every valid line is accepted, and can be evaluated", () => {
  fc.assert(
    fc.property(fc.oneof(cronOfMinutes, cronOfSeconds), (cron) => {
      expect(parseCron(cron)).toEqual({ kind: "parsed", value: cron });
      expect(() => nextWallTime(cron, 0)).not.toThrow();
    }),
  );
});

test("whatever is accepted can be evaluated", () => {
  fc.assert(
    fc.property(cronGarbage, (cron) => {
      const read = parseCron(cron);
      if (read.kind === "fault") return;
      expect(() => nextWallTime(read.value, 0)).not.toThrow();
      expect(parseCron(read.value)).toEqual(read); // What an answer shows is sent back.
    }),
    { numRuns: 10_000 },
  );
});

test("a step that is longer than its field gets the interval, and the line that cron takes it for", () => {
  const unitMs = [1_000, 60_000, 3_600_000, 86_400_000];
  fc.assert(
    fc.property(fc.nat(3), fc.integer({ min: 61, max: 300 }), fc.constantFrom("*", "1"), (i, step, from) => {
      const texts = "0 0 0 * * *".split(" ").fill("*", i + 1);
      const read = parseCron(texts.with(i, `${from}/${step}`).join(" "));
      if (read.kind === "parsed") throw new Error("accepted");
      const [line, interval] = read.suggestions ?? [];
      expect(line).toBe(texts.with(i, from === "*" ? String(CRON_FIELDS[i]?.min) : from).join(" "));
      expect(parseDuration(interval === undefined ? "" : String(Object.values(interval)[0]))).toEqual({
        kind: "parsed",
        value: step * (unitMs[i] ?? 0),
      });
    }),
  );
});

test("the values of a field, by which suggestions are compared, are those at which the line fires", () => {
  const item = fc.tuple(
    fc.constantFrom("SUN", "TUE", "fri", "0", "3", "6", "7"),
    fc.constantFrom("", "-0", "-7", "-2", "-SUN", "-WED"),
    fc.constantFrom("", "/2", "/3"),
  );
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 3 }), (items) => {
      const read = parseCron(`0 0 * * ${items.map((parts) => parts.join("")).join(",")}`);
      if (read.kind === "fault") throw new Error(read.message);
      const values = cronValues(DAY_OF_WEEK, read.value.split(" ")[4] ?? "");
      expect([...values].toSorted().join(" ")).toBe(firedWeekdays(read.value));
    }),
    { numRuns: 500 },
  );
});

test("a range that wraps, with any step, is the walk around the field", () => {
  const fields = CRON_FIELDS.map((field, i) => ({ ...field, i, size: field.max - field.min + (i === 5 ? 0 : 1) }));
  const range = fc.constantFrom(...fields).chain(({ i, min, size }) =>
    fc.record({
      i: fc.constant(i),
      min: fc.constant(min),
      size: fc.constant(size),
      from: fc.nat(size - 1),
      to: fc.nat(size - 1),
      step: fc.integer({ min: 1, max: size }),
    }),
  );
  fc.assert(
    fc.property(range, ({ i, min, size, from, to, step }) => {
      const read = parseCron(
        "0 0 0 1 1 1"
          .split(" ")
          .with(i, `${from + min}-${to + min}/${step}`)
          .join(" "),
      );
      const walk = Array.from({ length: Math.floor(((to - from + size) % size) / step) + 1 }, (_, n) =>
        String(((from + n * step) % size) + min),
      );
      if (read.kind === "fault") throw new Error(read.message);
      expect([...cronValues(CRON_FIELDS[i] ?? DAY_OF_WEEK, read.value.split(" ")[i] ?? "")].toSorted()).toEqual(
        [...new Set(walk)].toSorted(),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("a wildcard in second, minute or hour makes a line follow the clock, a range with a step does not", () => {
  const fixed = ["30 2 * * *", "0,30 1-3 */2 * MON", "15 30 2 * * *", "0-30/5 2 * * *", "57 2-23/24 * * *"];
  expect(fixed.map(isFixedTime)).toEqual(fixed.map(() => true));
  expect(["* 2 * * *", "30 */2 * * *", "0-30/5 * * * *", "*/5 30 2 * * *"].map(isFixedTime)).toEqual([false, false, false, false]);
});

test("only two restricted day fields are joined by OR", () => {
  expect(["0 0 13 * FRI", "0 0 */2 * 1"].map(joinsDaysByOr)).toEqual([true, true]);
  expect(["0 0 13 * *", "0 0 * * FRI", "0 0 ? * FRI", "0 0 13 * ?"].map(joinsDaysByOr)).toEqual([false, false, false, false]);
});
