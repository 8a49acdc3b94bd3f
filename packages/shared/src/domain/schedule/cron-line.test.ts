import { describe, expect, test } from "@jest/globals";
import { Cron } from "croner";
import fc from "fast-check";
import { cronOfMinutes, cronOfSeconds } from "./arbitraries.test-support.ts";
import { isFixedTime, joinsDaysByOr, parseCron } from "./cron-line.ts";

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
    ["0 0 0 * *", "cron field 3 (day of month): 0 is out of range; allowed are 1 to 31, L, LW, 15W"],
    ["0 0 1 13 *", "cron field 4 (month): 13 is out of range; allowed are 1 to 12 or JAN to DEC"],
    ["0 0 * * 8", "cron field 5 (day of week): 8 is out of range; allowed are 0 to 7 or SUN to SAT"],
    ["60 0 0 * * *", "cron field 1 (second): 60 is out of range"],
    ["0 0 24 * * *", "cron field 3 (hour): 24 is out of range"],
    ["0 0 * FOO *", 'cron field 4 (month): "FOO" is not understood'],
    ["0 0 * * MONDAY", 'cron field 5 (day of week): "MONDAY" is not understood'],
    ["0 0 * * +FRI", 'cron field 5 (day of week): "+FRI" is not understood'],
    ["0 0 L-3 * *", 'cron field 3 (day of month): "L" is not understood'],
    ["0 0 32W * *", "cron field 3 (day of month): 32 is out of range"],
    ["0 0 1,LW * *", 'cron field 3 (day of month): "LW" must stand alone'],
    ["0 0 * * MON#6", "cron field 5 (day of week): #6 is out of range: #1 to #5"],
    ["0 0 * * L", 'cron field 5 (day of week): "L" is not understood'],
    ["0 0 * * 1-5#2", 'cron field 5 (day of week): "1-5#2" is not understood'],
    ["30-10 * * * *", "cron field 1 (minute): the range 30-10 runs backwards: write 30-59,0-10"],
    ["0 0 * * FRI-MON", "cron field 5 (day of week): the range FRI-MON runs backwards: write 5-7,1"],
    ["5/15 * * * *", 'cron field 1 (minute): "5/15" has a step after a single value: write 5-59/15 or */15'],
    ["*/0 * * * *", "cron field 1 (minute): the step 0 is out of range: 1 to 60"],
    ["*/61 * * * *", "cron field 1 (minute): the step 61 is out of range: 1 to 60"],
    ["0 */25 * * *", "cron field 2 (hour): the step 25 is out of range: 1 to 24"],
    ["0 0 * * */8", "cron field 5 (day of week): the step 8 is out of range: 1 to 7"],
    ["0,,5 * * * *", "cron field 1 (minute): a value is empty"],
    ["0, * * * *", "cron field 1 (minute): a value is empty"],
    ["*,5 * * * *", 'cron field 1 (minute): "*" must stand alone'],
    ["? * * * *", 'cron field 1 (minute): "?" must stand alone'],
    ["1.5 * * * *", 'cron field 1 (minute): "1.5" is not understood'],
    ["0 9 * *", '"0 9 * *" has 4 fields'],
    ["0 0 9 * * * 2026", '"0 0 9 * * * 2026" has 7 fields'],
    ["", '"" has 0 fields'],
    ["@reboot", '"@reboot" is not a nickname'],
  ])("%p: %s", (cron, message) => {
    expect(parseCron(cron)).toMatchObject({ kind: "fault", code: "bad_cron", message: expect.stringContaining(message) });
  });
});

test("every valid line is accepted, by us and by croner", () => {
  fc.assert(
    fc.property(fc.oneof(cronOfMinutes, cronOfSeconds), (cron) => {
      expect(parseCron(cron)).toEqual({ kind: "parsed", value: cron });
      expect(() => new Cron(cron, { mode: "5-or-6-parts", utcOffset: 0 })).not.toThrow();
    }),
  );
});

test("whatever we accept, croner accepts", () => {
  const piece = fc.constantFrom("*", "0", "1", "5", "7", "31", "59", "-", "/", ",", "L", "W", "#", "?", "MON", "SUN", "jan", "x", "+", "2");
  const field = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(""));
  const line = fc.tuple(fc.integer({ min: 0, max: 4 }), field).map(([i, text]) => ["0", "0", "1", "1", "1"].with(i, text).join(" "));
  fc.assert(
    fc.property(line, (cron) => {
      if (parseCron(cron).kind === "parsed") expect(() => new Cron(cron, { mode: "5-or-6-parts", utcOffset: 0 })).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test("a wildcard or step in second, minute or hour makes a line follow the clock", () => {
  expect(["30 2 * * *", "0,30 1-3 */2 * MON", "15 30 2 * * *"].map(isFixedTime)).toEqual([true, true, true]);
  expect(["* 2 * * *", "30 */2 * * *", "0-30/5 2 * * *", "*/5 30 2 * * *"].map(isFixedTime)).toEqual([false, false, false, false]);
});

test("only two restricted day fields are joined by OR", () => {
  expect(["0 0 13 * FRI", "0 0 */2 * 1"].map(joinsDaysByOr)).toEqual([true, true]);
  expect(["0 0 13 * *", "0 0 * * FRI", "0 0 ? * FRI", "0 0 13 * ?"].map(joinsDaysByOr)).toEqual([false, false, false, false]);
});
