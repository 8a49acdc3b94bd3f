import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Job } from "@tickline/shared/domain/job/job";
import { MISSED_AFTER_MS } from "@tickline/shared/domain/policy/misfire";
import { createDueHeap } from "./due-heap.ts";

/** The heap looks at these fields of a job alone. */
const job = (uid: string, nextRunAt: number | null, { state = "active", queue = "default", priority = 5 } = {}): Job =>
  ({ uid, nextRunAt, state, definition: { queue, priority } }) as unknown as Job;

test("jobs come out earliest first, and only those that are due", () => {
  const heap = createDueHeap();
  for (const [uid, at] of [
    ["c", 30],
    ["a", 10],
    ["d", 40],
    ["b", 20],
  ] as const)
    heap.put(job(uid, at));
  expect(heap.takeDue(30, 10).map(({ uid }) => uid)).toEqual(["a", "b", "c"]);
  expect(heap.earliest()).toBe(40);
});

test("jobs that owe misfires get a share, and delay none that is on time", () => {
  const heap = createDueHeap();
  const now = 10 * MISSED_AFTER_MS;
  for (let index = 0; index < 30; index += 1) heap.put(job(`old-${index}`, index));
  for (let index = 0; index < 30; index += 1) heap.put(job(`new-${index}`, now));
  const taken = heap.takeDue(now, 20).map(({ uid }) => uid.slice(0, 3));
  expect(taken).toEqual([...Array<string>(18).fill("new"), "old", "old"]);
  expect(heap.takeDue(now, 100)).toHaveLength(40);
});

test("a job put again replaces what stood for it", () => {
  const heap = createDueHeap();
  heap.put(job("a", 10));
  heap.put(job("a", 50));
  expect(heap.takeDue(20, 10)).toEqual([]);
  expect(heap.size).toBe(1);
  expect(heap.earliest()).toBe(50);
});

test("a job that is paused or has no next instant leaves the heap", () => {
  const heap = createDueHeap();
  heap.put(job("a", 10));
  heap.put(job("b", 10));
  heap.put(job("a", 10, { state: "paused" }));
  heap.put(job("b", null, { state: "finished" }));
  expect(heap.earliest()).toBeNull();
});

test("jobs of the first queue are taken before older jobs of other queues, whether on time or late", () => {
  const heap = createDueHeap(["high", "default", "low"]);
  const now = 10 * MISSED_AFTER_MS;
  for (const [index, queue] of ["external", "low", "default", "high"].entries()) {
    heap.put(job(`on time ${queue}`, now - 10 + index, { queue }));
    heap.put(job(`misfire ${queue}`, index, { queue }));
  }
  const order = ["high", "default", "low", "external"];
  expect(heap.takeDue(now, 100).map(({ uid }) => uid)).toEqual([
    ...order.map((queue) => `on time ${queue}`),
    ...order.map((queue) => `misfire ${queue}`),
  ]);
  expect(heap.earliest()).toBeNull();
});

test("of the jobs of one take the most urgent of each queue come first; time alone decides which these are", () => {
  const heap = createDueHeap(["high", "low"]);
  for (const [at, priority] of [5, 0, 9, 5, 9].entries()) {
    heap.put(job(`low ${at} ${priority}`, at, { queue: "low", priority }));
    heap.put(job(`high ${at} ${priority}`, at, { queue: "high", priority }));
  }
  expect(heap.takeDue(10, 8).map(({ uid }) => uid)).toEqual(
    ["high 2 9", "high 4 9", "high 0 5", "high 3 5", "high 1 0"].concat(["low 2 9", "low 0 5", "low 1 0"]),
  );
  expect(heap.takeDue(10, 8).map(({ uid }) => uid)).toEqual(["low 4 9", "low 3 5"]);
});

test("one take in ten begins with another queue, so that a busy one starves none", () => {
  const heap = createDueHeap(["high", "low"]);
  for (let index = 0; index < 100; index += 1) for (const queue of ["high", "low"]) heap.put(job(`${queue} ${index}`, index, { queue }));
  const taken = Array.from({ length: 60 }, () => heap.takeDue(1_000, 1)[0]?.uid.replace(/ .*/, ""));
  expect(taken.filter((queue) => queue === "low")).toHaveLength(3);
});

test("a job that an edit moved to another queue is one job", () => {
  const heap = createDueHeap(["high", "low"]);
  heap.put(job("a", 10, { queue: "low" }));
  heap.put(job("b", 10, { queue: "low" }));
  heap.put(job("b", 10, { queue: "high" }));
  expect(heap.takeDue(10, 10).map(({ uid }) => uid)).toEqual(["b", "a"]);
  expect({ size: heap.size, earliest: heap.earliest() }).toEqual({ size: 0, earliest: null });
});

test("property: after any puts and removals, the heap returns the due jobs of the model in order", () => {
  const step = fc.record({
    uid: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    at: fc.option(fc.integer({ min: 0, max: 50 })),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 0, max: 60 }), (steps, now) => {
      const heap = createDueHeap();
      const model = new Map<string, number>();
      for (const { uid, at, remove } of steps) {
        if (remove || at === null) {
          heap.remove(uid);
          model.delete(uid);
        } else {
          heap.put(job(uid, at));
          model.set(uid, at);
        }
      }
      const expected = [...model.values()].filter((at) => at <= now).sort((left, right) => left - right);
      expect(heap.takeDue(now, 1_000).map(({ nextRunAt }) => nextRunAt)).toEqual(expected);
      expect(heap.size).toBe(model.size - expected.length);
    }),
  );
});
