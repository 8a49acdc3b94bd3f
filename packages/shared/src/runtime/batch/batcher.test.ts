import { expect, test } from "@jest/globals";
import { START } from "../../testing/factories.ts";
import { manualClock } from "../../testing/manual-clock.ts";
import { createBatcher } from "./batcher.ts";

const quiet = (): Promise<void> => new Promise(setImmediate);

function setup({ itemsMax = 10, write = (): Promise<void> => Promise.resolve() } = {}) {
  const clock = manualClock(START);
  const written: (readonly string[])[] = [];
  const faults: string[] = [];
  const batcher = createBatcher<string>({
    clock,
    keyOf: (item) => item,
    waitMs: 100,
    itemsMax,
    write(items) {
      written.push(items);
      return write();
    },
    onFault(fault, items) {
      faults.push(`${String(fault)} ${items.join()}`);
      return items.filter((item) => item.startsWith("kept"));
    },
  });
  const add = (...keys: readonly string[]): void => keys.forEach(batcher.add);
  return { clock, written, faults, batcher, add };
}

test("what comes within its time is written once", async () => {
  const { clock, written, add } = setup();
  add("a");
  clock.advance(99);
  add("b", "a");
  await quiet();
  expect(written).toEqual([]);
  clock.advance(1);
  await quiet();
  expect(written).toEqual([["a", "b"]]);
  clock.advance(1_000);
  await quiet();
  expect(written).toHaveLength(1);
});

test("the next to come begins a time of its own", async () => {
  const { clock, written, add } = setup();
  add("a");
  clock.advance(100);
  await quiet();
  add("b");
  clock.advance(99);
  await quiet();
  expect(written).toEqual([["a"]]);
  clock.advance(1);
  await quiet();
  expect(written).toEqual([["a"], ["b"]]);
});

test("what was dropped in time is not written, and nothing is written for nothing", async () => {
  const { clock, written, add, batcher } = setup();
  add("a", "b");
  batcher.drop("a");
  clock.advance(100);
  await quiet();
  add("c");
  batcher.drop("c");
  clock.advance(100);
  await quiet();
  expect(written).toEqual([["b"]]);
});

test("as many as one write takes do not wait, and more are written in several", async () => {
  const { written, add, batcher } = setup({ itemsMax: 2 });
  add("a", "b", "c");
  await batcher.flushed();
  expect(written).toEqual([["a", "b"], ["c"]]);
});

test("what comes during a write waits for its own time, not for the end of that write", async () => {
  const { clock, written, add } = setup();
  add("a");
  clock.advance(100);
  add("b");
  await quiet();
  expect(written).toEqual([["a"]]);
  clock.advance(99);
  await quiet();
  expect(written).toHaveLength(1);
  clock.advance(1);
  await quiet();
  expect(written).toEqual([["a"], ["b"]]);
});

test("one write at a time; what comes meanwhile is the next", async () => {
  const answers: (() => void)[] = [];
  const { clock, written, add, batcher } = setup({ write: () => new Promise((resolve) => answers.push(resolve)) });
  add("a");
  clock.advance(100);
  await quiet();
  add("b");
  clock.advance(100);
  await quiet();
  expect(written).toEqual([["a"]]);
  answers.shift()?.();
  await quiet();
  expect(written).toEqual([["a"], ["b"]]);
  let flushed = false;
  void batcher.flushed().then(() => (flushed = true));
  await quiet();
  expect(flushed).toBe(false);
  answers.shift()?.();
  await quiet();
  expect(flushed).toBe(true);
});

test("however slow a write is, items that come meanwhile are one more write", async () => {
  const answers: (() => void)[] = [];
  const { clock, written, add } = setup({ write: () => new Promise((resolve) => answers.push(resolve)) });
  add("a");
  clock.advance(100);
  for (const item of ["b", "c", "d"]) {
    add(item);
    clock.advance(100);
  }
  answers.shift()?.();
  await quiet();
  expect(written).toEqual([["a"], ["b", "c", "d"]]);
});

test("a failed write is reported; some of its items are kept for the next, and the rest dropped", async () => {
  let refusals = 2;
  const { clock, written, faults, add, batcher } = setup({
    write: () => ((refusals -= 1) >= 0 ? Promise.reject(new Error("away")) : Promise.resolve()),
  });
  add("a", "kept");
  expect(await batcher.flushed()).toBe(false);
  clock.advance(1_000);
  await quiet();
  expect(faults).toEqual(["Error: away a,kept"]);
  expect(await batcher.flushed()).toBe(false);
  add("b");
  expect(await batcher.flushed()).toBe(true);
  expect(await batcher.flushed()).toBe(true);
  expect(written).toEqual([["a", "kept"], ["kept"], ["kept", "b"]]);
});
