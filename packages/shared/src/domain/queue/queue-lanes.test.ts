import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createQueueLanes } from "./queue-lanes.ts";

const lanes = () => createQueueLanes(["high", "default", "low"], (queue) => queue);
const all = (): boolean => true;

test("nine choices of ten go to the first queue that waits, the tenth to all of them in turn", () => {
  const { next } = lanes();
  const turns = Array.from({ length: 60 }, () => next(all));
  expect(Object.groupBy(turns, (queue) => queue ?? "none")).toEqual({
    high: Array(56).fill("high"),
    default: ["default", "default"],
    low: ["low", "low"],
  });
});

test("all that wait come in order, after the one to serve next", () => {
  const { inTurn } = lanes();
  const turns = Array.from({ length: 10 }, () => inTurn(all));
  expect(turns[0]).toEqual(["high", "default", "low"]);
  expect(turns[9]).toEqual(["default", "high", "low"]);
});

test("a queue that waits alone is always chosen, and takes no choice from others", () => {
  const { next, inTurn } = lanes();
  const lowAlone = (queue: string): boolean => queue === "low";
  for (let count = 0; count < 9; count += 1) expect([next(lowAlone), inTurn(lowAlone)]).toEqual(["low", ["low"]]);
  expect(next(all)).toBe("high");
  expect(next(() => false)).toBeUndefined();
});

test("a queue that was not named comes behind the others", () => {
  const { of, inTurn } = lanes();
  of("external");
  expect(inTurn(all)).toEqual(["high", "default", "low", "external"]);
});

test("property: a queue that waits all the time is chosen within ten choices for each queue", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.nat(7), (count, any) => {
      const queues = Array.from({ length: count }, (_, index) => `queue-${index}`);
      const { next } = createQueueLanes(queues, (queue) => queue);
      const turns = Array.from({ length: 10 * count }, () => next(all));
      expect(turns).toContain(queues[any % count]);
    }),
  );
});
