import fc from "fast-check";
import type { ScheduleWire } from "./input/schedule-input.ts";

/** Zones with unusual clock changes: of half an hour, two hours or 45 minutes, at midnight, into the next day, for a month. */
export const ODD_ZONES = [
  "Australia/Lord_Howe",
  "Antarctica/Troll",
  "Pacific/Chatham",
  "Asia/Gaza",
  "America/New_York",
  "Europe/Berlin",
  "America/Nuuk",
  "Africa/Casablanca",
  "UTC",
] as const;

const range = (min: number, max: number): fc.Arbitrary<string> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);

const list = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((values) => values.join(","));

const step = (min: number, max: number): fc.Arbitrary<string> =>
  fc.tuple(fc.oneof(fc.constant("*"), range(min, max)), fc.integer({ min: 1, max: max - min + 1 })).map(([of, by]) => `${of}/${by}`);

const field = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(fc.constant("*"), list(min, max), range(min, max), step(min, max));

/** Mostly small hours, where clocks change. */
const hour = fc.oneof(
  { weight: 3, arbitrary: list(0, 4) },
  { weight: 1, arbitrary: fc.constantFrom("23,0", "1-3", "22-23", "0,1,2,3") },
  field(0, 23),
);

const dayOfMonth = fc.oneof(
  { weight: 6, arbitrary: fc.constant("*") },
  list(1, 31),
  step(1, 31),
  fc.constantFrom("L", "LW", "L,15", "L-3", "1,L-29", "L-2W", "?", "15W", "1W", "31W"),
);

const dayOfWeek = fc.oneof(
  { weight: 6, arbitrary: fc.constant("*") },
  list(0, 7),
  fc.constantFrom("MON-FRI", "fri-sun", "SUN", "*/2", "1-7/3", "?"),
  fc.tuple(fc.integer({ min: 0, max: 7 }), fc.constantFrom("L", "#1", "#3", "#5")).map(([day, nth]) => `${day}${nth}`),
);

const month = fc.oneof({ weight: 8, arbitrary: fc.constant("*") }, list(1, 12), fc.constantFrom("MAR,apr", "OCT-NOV", "*/3"));

/** Valid cron lines with five fields. */
export const cronOfMinutes: fc.Arbitrary<string> = fc
  .tuple(field(0, 59), hour, dayOfMonth, month, dayOfWeek)
  .map((fields) => fields.join(" "));

/** Valid cron lines with six fields. */
export const cronOfSeconds: fc.Arbitrary<string> = fc.tuple(field(0, 59), cronOfMinutes).map((fields) => fields.join(" "));

const cronPiece = fc.constantFrom(
  ..."* 0 1 2 5 7 9 22 31 59 90 H ~ R MO MONDY 2026 /bin/x - - / / , L W # ? MON SUN FRI jan SUNDAY MONDAY SEPT THURS x +".split(" "),
);

/** Lines of five, six and seven fields of which one or two are random pieces of cron: most are refused. */
export const cronGarbage: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("0 0 1 1 1", "0 0 ? * 1", "0 10 ? * 2 *", "0 10 1 * ? *", "0 0 9 ? * MON *"),
    fc.array(fc.tuple(fc.nat(6), fc.array(cronPiece, { minLength: 1, maxLength: 5 })), { minLength: 1, maxLength: 2 }),
    fc.boolean(),
  )
  .map(([line, changes, inside]) => {
    const texts = line.split(" ");
    for (const [i, pieces] of changes) texts[i % texts.length] = pieces.join("");
    return inside && texts.length === 6 ? `cron(${texts.join(" ")})` : texts.join(" ");
  });

const zone = fc.constantFrom(...ODD_ZONES);
const instant = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2100, 0, 1) });
const iso = instant.map((at) => new Date(at).toISOString());

const bounds = fc.record(
  {
    startAt: fc.option(iso),
    endAt: fc.option(fc.constantFrom("2150-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")),
    maxRuns: fc.option(fc.integer({ min: 1 })),
  },
  { requiredKeys: [] },
);

const timeOfDay = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 9, 23), fc.integer({ min: 0, max: 59 }), fc.constantFrom(null, 0, 30))
  .map(([h, m, s]) => [h, m, ...(s === null ? [] : [s])].map((n) => String(n).padStart(2, "0")).join(":"));

const everyText = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.constantFrom("d", "h", "m", "s", "00ms"))
  .map(([count, unit]) => `${count}${unit}`);

const calendar = fc.oneof(
  fc.record({ interval: fc.constant("daily" as const), at: timeOfDay, timezone: zone }),
  fc.record({ interval: fc.constant("weekly" as const), at: timeOfDay, on: fc.constantFrom("sunday", "monday", "friday"), timezone: zone }),
  fc.record({
    interval: fc.constant("monthly" as const),
    at: timeOfDay,
    on: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant("last")),
    timezone: zone,
  }),
);

const single = fc.oneof(fc.record({ at: iso }), fc.record({ at: iso.map((text) => text.slice(0, 19)), timezone: zone }));

/** Requests for schedules of every kind; nearly all are valid, a few never fire. */
export const scheduleWire: fc.Arbitrary<ScheduleWire> = fc
  .tuple(
    fc.oneof(
      fc.record({ cron: fc.oneof(cronOfMinutes, cronOfSeconds), timezone: zone }),
      fc.record({ every: everyText }),
      calendar,
      single,
    ),
    bounds,
  )
  .map(([schedule, window]) => ({ ...schedule, ...window }));
