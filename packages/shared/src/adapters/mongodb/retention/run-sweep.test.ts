import { expect, test } from "@jest/globals";
import { runIdFloor } from "../../../domain/run/run-id.ts";
import { DAY, START } from "../../../testing/factories.ts";
import { memoryContext } from "../collections/memory-rows.test-support.ts";
import type { RunRow } from "../runs/run-row.ts";
import { createRunSweep } from "./run-sweep.ts";

const LATER = START + 30 * DAY;
const LIMIT = 10;
/** How ids of runs begin whose instant is long ago. */
const AGO = runIdFloor(START);

/** Runs with the fields that a sweep reads; the ended ones ended long ago. */
const KINDS = {
  open: { state: "due" },
  unannounced: { state: "succeeded", finishedAt: START - 1, settledAt: START - 1, announce: START - 1 },
  unfolded: { state: "failed", finishedAt: START, settledAt: START + DAY },
  completed: { state: "succeeded", finishedAt: START, settledAt: START },
  skipped: { state: "skipped", finishedAt: START },
  "skipped, unannounced": { state: "skipped", finishedAt: START - 1, announce: START - 1 },
  missed: { state: "missed", finishedAt: START },
  ahead: { state: "succeeded", finishedAt: LATER, settledAt: START },
} as const satisfies Readonly<Record<string, Partial<RunRow>>>;

async function setup(counts: Partial<Readonly<Record<keyof typeof KINDS, number>>>) {
  let read = 0;
  const context = memoryContext();
  await context.rows.meta.insert([{ _id: "watermark", value: START + DAY }]);
  for (const [kind, count] of Object.entries(counts)) {
    const rows = Array.from({ length: count }, (_, index) => ({ _id: `${AGO}${kind} ${index}`, ...KINDS[kind as keyof typeof KINDS] }));
    await context.rows.runs.insert(rows as unknown as RunRow[]);
  }
  const { runs } = context.rows;
  const counting: typeof runs = {
    ...runs,
    async find(filter, options) {
      const found = await runs.find(filter, options);
      read += found.length;
      return found;
    },
  };
  const sweep = createRunSweep({ rows: { ...context.rows, runs: counting } });
  return {
    sweep: () => sweep({ endedBefore: LATER, limit: LIMIT }),
    left: () => [...new Set(runs.all().map(({ _id }) => _id.slice(AGO.length, _id.lastIndexOf(" "))))],
    read: () => read,
  };
}

test("open runs are not even read, however old and many they are", async () => {
  const { sweep, left, read } = await setup({ open: 1_000, completed: 3, skipped: 2, missed: 1 });
  expect(await sweep()).toEqual({ runs: 6, more: false });
  expect(read()).toBe(6);
  expect(left()).toEqual(["open"]);
});

test("nor are those that are not folded into their jobs; one that the executor's clock has yet to reach stays", async () => {
  const { sweep, left, read } = await setup({ unfolded: 5, ahead: 1, completed: 1 });
  expect(await sweep()).toEqual({ runs: 1, more: false });
  expect(read()).toBe(2);
  expect(left()).toEqual(["unfolded", "ahead"]);
});

test("a run whose instant lies ahead stays, however long ago it ended", async () => {
  const context = memoryContext();
  await context.rows.meta.insert([{ _id: "watermark", value: START + DAY }]);
  await context.rows.runs.insert([{ _id: `${runIdFloor(LATER)}x`, ...KINDS.completed } as unknown as RunRow]);
  const sweep = createRunSweep(context);
  expect(await sweep({ endedBefore: LATER, limit: LIMIT })).toEqual({ runs: 0, more: false });
  expect(await sweep({ endedBefore: LATER + 1_000, limit: LIMIT })).toEqual({ runs: 1, more: false });
});

test("no more than so many go at a time, whatever they are", async () => {
  const { sweep, left } = await setup({ completed: 8, skipped: 8, missed: 3 });
  expect([await sweep(), await sweep()]).toEqual([
    { runs: 10, more: true },
    { runs: 9, more: false },
  ]);
  expect(left()).toEqual([]);
});

test("what may not go yet is passed over, a page at a time, and hides nothing behind it", async () => {
  const { sweep, left, read } = await setup({ unannounced: 25, completed: 5, "skipped, unannounced": 12, skipped: 2 });
  const swept = [];
  for (let call = 0; call < 5; call += 1) swept.push(await sweep());
  expect(swept).toEqual([
    { runs: 0, more: true },
    { runs: 0, more: true },
    { runs: 5, more: true },
    { runs: 0, more: true }, // None of the completed are left; ten of those that were skipped.
    { runs: 2, more: false },
  ]);
  expect(read()).toBe(25 + 5 + 12 + 2);
  expect(left()).toEqual(["unannounced", "skipped, unannounced"]);
});

test("after the last page a sweep begins with the first again", async () => {
  const { sweep, read } = await setup({ unannounced: 15, "skipped, unannounced": 25 });
  for (let pass = 1; pass <= 2; pass += 1) {
    for (const more of [true, true, true, false]) expect(await sweep()).toEqual({ runs: 0, more });
    expect(read()).toBe(40 * pass);
  }
});
