import { describe, expect, test } from "@jest/globals";
import { firstCronInstant } from "./cron.ts";

/** Golden instants: what the dialect means, written by hand. A change of one is a change of the public contract. */
type Golden = readonly [cron: string, meaning: string, after: string, instants: string[]];

const GOLDEN: readonly Golden[] = [
  // 2026-01-01 is a Thursday.
  ["* * * * *", "every minute", "2026-01-01T00:00:00Z", ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]],
  [
    "*/25 * * * *",
    "a step starts anew each hour",
    "2026-01-01T00:00:00Z",
    ["2026-01-01T00:25:00Z", "2026-01-01T00:50:00Z", "2026-01-01T01:00:00Z"],
  ],
  [
    "*/20 * * * * *",
    "six fields start with the second",
    "2026-01-01T00:00:01Z",
    ["2026-01-01T00:00:20Z", "2026-01-01T00:00:40Z", "2026-01-01T00:01:00Z"],
  ],
  ["10-30/10 8-10/2 * * *", "a step within a range", "2026-01-01T08:20:00Z", ["2026-01-01T08:30:00Z", "2026-01-01T10:10:00Z"]],
  [
    "5,35 0 1,15 JAN,jul *",
    "lists and names of months",
    "2026-01-01T00:05:00Z",
    ["2026-01-01T00:35:00Z", "2026-01-15T00:05:00Z", "2026-01-15T00:35:00Z", "2026-07-01T00:05:00Z"],
  ],
  ["0 0 29 2 *", "a leap day", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]],
  ["0 0 29 2 *", "2100 is no leap year", "2096-02-29T00:00:00Z", ["2104-02-29T00:00:00Z"]],
  ["0 0 31 * *", "shorter months are skipped", "2026-01-31T00:00:00Z", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]],
  [
    "0 0 L * *",
    "the last day of the month",
    "2024-01-31T00:00:00Z",
    ["2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z", "2024-04-30T00:00:00Z"],
  ],
  ["0 0 1,L * *", "L in a list", "2026-02-01T00:00:00Z", ["2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"]],
  [
    "0 0 LW * *",
    "the last day from Monday to Friday",
    "2026-01-01T00:00:00Z",
    ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-31T00:00:00Z"],
  ],
  [
    "0 0 L-3 * *",
    "three days before the last",
    "2027-12-31T00:00:00Z",
    ["2028-01-28T00:00:00Z", "2028-02-26T00:00:00Z", "2028-03-28T00:00:00Z", "2028-04-27T00:00:00Z"],
  ],
  ["0 0 L-3 2 *", "in February", "2026-01-01T00:00:00Z", ["2026-02-25T00:00:00Z", "2027-02-25T00:00:00Z", "2028-02-26T00:00:00Z"]],
  ["0 0 L-29 * *", "not in February of most years", "2027-02-01T00:00:00Z", ["2027-03-02T00:00:00Z", "2027-04-01T00:00:00Z"]],
  ["0 0 1,L-1 * *", "in a list", "2026-01-31T00:00:00Z", ["2026-02-01T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-01T00:00:00Z"]],
  [
    "0 0 L-1W * *",
    "the working day nearest to the last but one",
    "2026-01-15T00:00:00Z",
    ["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z", "2026-03-30T00:00:00Z"],
  ],
  ["0 0 L-3 * FRI", "or a Friday", "2026-01-22T00:00:00Z", ["2026-01-23T00:00:00Z", "2026-01-28T00:00:00Z", "2026-01-30T00:00:00Z"]],
  [
    "0 9 15W * *",
    "the working day nearest to the 15th",
    "2026-02-01T00:00:00Z",
    ["2026-02-16T09:00:00Z", "2026-03-16T09:00:00Z", "2026-04-15T09:00:00Z"],
  ],
  ["0 9 15W 8 *", "on a Saturday, the Friday before", "2026-01-01T00:00:00Z", ["2026-08-14T09:00:00Z"]],
  ["0 9 1W 8 *", "nearest within the month: Saturday the 1st becomes Monday", "2026-01-01T00:00:00Z", ["2026-08-03T09:00:00Z"]],
  ["0 9 31W 5 *", "nearest within the month: Sunday the 31st becomes Friday", "2026-01-01T00:00:00Z", ["2026-05-29T09:00:00Z"]],
  [
    "0 9 * * MON#1",
    "the first Monday of the month",
    "2026-01-01T00:00:00Z",
    ["2026-01-05T09:00:00Z", "2026-02-02T09:00:00Z", "2026-03-02T09:00:00Z"],
  ],
  ["0 9 * * 5#5", "the fifth Friday, where there is one", "2026-01-01T00:00:00Z", ["2026-01-30T09:00:00Z", "2026-05-29T09:00:00Z"]],
  ["0 9 * * FRIL", "the last Friday of the month", "2026-01-01T00:00:00Z", ["2026-01-30T09:00:00Z", "2026-02-27T09:00:00Z"]],
  [
    "0 9 * * MON#1,WED",
    "a plain weekday beside an nth",
    "2026-01-01T00:00:00Z",
    ["2026-01-05T09:00:00Z", "2026-01-07T09:00:00Z", "2026-01-14T09:00:00Z"],
  ],
  ["0 0 * * 7", "7 is Sunday", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
  ["0 0 * * 0", "0 is Sunday too", "2026-01-01T00:00:00Z", ["2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"]],
  [
    "0 0 * * fri-sun",
    "a range up to Sunday",
    "2026-01-01T00:00:00Z",
    ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-09T00:00:00Z"],
  ],
  [
    "0 0 * * */2",
    "a step counts from Sunday",
    "2026-01-01T00:00:00Z",
    ["2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-06T00:00:00Z"],
  ],
  [
    "0 0 13 * FRI",
    "day of month OR day of week",
    "2026-01-01T00:00:00Z",
    ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z", "2026-01-16T00:00:00Z"],
  ],
  [
    "0 0 */10 * MON",
    "a step restricts: still OR (Vixie cron: AND)",
    "2026-01-01T00:00:00Z",
    ["2026-01-05T00:00:00Z", "2026-01-11T00:00:00Z", "2026-01-12T00:00:00Z"],
  ],
  [
    "0 0 * * SUN-7",
    "from Sunday to Sunday in 0 and 7 is the week",
    "2026-01-01T00:00:00Z",
    ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"],
  ],
  ["0 0 ? * MON", "? is *", "2026-01-01T00:00:00Z", ["2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"]],
];

const rows = (table: readonly Golden[]) => table.map(([cron, meaning, after, instants]) => ({ cron, meaning, after, instants }));

test.each(rows(GOLDEN))("$cron: $meaning", ({ cron, after, instants }) => {
  expect(listInstants({ cron, timezone: "UTC" }, after, instants.length)).toEqual(instants);
});

/** Clocks in Berlin: 2026-03-29 02:00 becomes 03:00 (01:00Z); 2026-10-25 03:00 becomes 02:00 (01:00Z). */
const BERLIN: readonly Golden[] = [
  [
    "30 2 * * *",
    "a fixed time that is skipped comes behind the gap",
    "2026-03-28T12:00:00Z",
    ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
  ],
  ["0,30 2 * * *", "all that is skipped comes once, together", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]],
  ["30 2,14 * * *", "a list of hours is fixed too", "2026-03-28T13:30:00Z", ["2026-03-29T01:00:00Z", "2026-03-29T12:30:00Z"]],
  ["0 3 * * *", "what is due behind the gap is not moved", "2026-03-28T12:00:00Z", ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"]],
  [
    "30 2 * * *",
    "a fixed time that comes twice runs the first time",
    "2026-10-24T12:00:00Z",
    ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
  ],
  ["30 2 * * *", "asked while the hour comes the second time, it has had its turn", "2026-10-25T01:10:00Z", ["2026-10-26T01:30:00Z"]],
  ["0 3 * * *", "what comes behind the fold comes once", "2026-10-24T12:00:00Z", ["2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"]],
  [
    "*/30 * * * *",
    "steps follow the clock: nothing in the gap",
    "2026-03-29T00:00:00Z",
    ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
  ],
  ["*/30 2 * * *", "steps in an hour that is skipped do not run", "2026-03-28T12:00:00Z", ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]],
  [
    "*/30 2 * * *",
    "steps in an hour that comes twice run twice",
    "2026-10-24T12:00:00Z",
    ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"],
  ],
  [
    "57 2-23/24 * * *",
    "a range with a step names times: it comes behind the gap",
    "2026-03-28T12:00:00Z",
    ["2026-03-29T01:00:00Z", "2026-03-30T00:57:00Z"],
  ],
  [
    "0-30/30 2 * * *",
    "a range with a step that comes twice runs the first time",
    "2026-10-24T12:00:00Z",
    ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"],
  ],
  [
    "15 * * * *",
    "every hour is every hour",
    "2026-10-25T00:00:00Z",
    ["2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z", "2026-10-25T02:15:00Z"],
  ],
  [
    "*/20 30 2 * * *",
    "a step in the second follows the clock as well",
    "2026-03-28T12:00:00Z",
    ["2026-03-30T00:30:00Z", "2026-03-30T00:30:20Z"],
  ],
];

describe("in Europe/Berlin, when the clock changes", () => {
  test.each(rows(BERLIN))("$cron: $meaning", ({ cron, after, instants }) => {
    expect(listInstants({ cron, timezone: "Europe/Berlin" }, after, instants.length)).toEqual(instants);
  });
});

test("a gap that ends on the next day loses no fixed time", () => {
  // In Nuuk 2024-03-30 23:00 became 2024-03-31 00:00.
  const times = { cron: "30 23 * * *", timezone: "America/Nuuk" };
  expect(listInstants(times, "2024-03-30T12:00:00Z", 2)).toEqual(["2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"]);
});

test("a day that a zone left out runs at its end", () => {
  // In Apia 2011-12-29 24:00 became 2011-12-31 00:00.
  const times = { cron: "0 9 * * *", timezone: "Pacific/Apia" };
  expect(listInstants(times, "2011-12-29T00:00:00Z", 3)).toEqual(["2011-12-29T19:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"]);
});

function listInstants(times: { cron: string; timezone: string }, after: string, count: number): string[] {
  const instants: string[] = [];
  for (
    let next = firstCronInstant(times, Date.parse(after));
    next !== null && instants.length < count;
    next = firstCronInstant(times, next)
  ) {
    instants.push(new Date(next).toISOString().replace(".000Z", "Z"));
  }
  return instants;
}
