import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { freeWorkers, jobWorkersMax, reservedWorkers } from "./worker-shares.ts";

const makeQueues = (count: number): string[] => Array.from({ length: count }, (_, index) => `queue-${index}`);
const pools = fc.record({
  workersMax: fc.integer({ min: 1, max: 1_000 }),
  queues: fc.integer({ min: 1, max: 6 }).map(makeQueues),
  queueWorkersPercent: fc.integer({ min: 0, max: 50 }),
});

test.each([
  [200, 5, [10, 10, 10]],
  [10, 5, [1, 1, 1]],
  [4, 5, [1, 1, 0]],
  [3, 5, [1, 0, 0]],
  [2, 5, [1, 0, 0]],
  [1, 5, [0, 0, 0]],
  [200, 0, [0, 0, 0]],
  [200, 50, [100, 0, 0]],
])("of %d workers and %d percent high, default and low have %j", (workersMax, queueWorkersPercent, reserved) => {
  expect(reservedWorkers({ workersMax, queueWorkersPercent, queues: ["high", "default", "low"] })).toEqual(reserved);
});

test.each([
  [200, 50, null, 100],
  [3, 50, null, 1],
  [1, 50, null, 1],
  [200, 50, 5, 5],
  [200, 50, 150, 150],
  [20, 50, 150, 20],
])("of %d workers and %d percent a job that says %j holds at most %d", (workersMax, jobWorkersPercent, own, most) => {
  expect(jobWorkersMax({ workersMax, jobWorkersPercent }, own)).toBe(most);
});

test("property: half of the workers are shared, and a higher queue has no fewer than a lower one", () => {
  fc.assert(
    fc.property(pools, (pool) => {
      const reserved = reservedWorkers(pool);
      expect(reserved.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(pool.workersMax / 2);
      expect(reserved).toEqual(reserved.toSorted((left, right) => right - left));
      if (pool.workersMax >= 2 && pool.queueWorkersPercent > 0) expect(reserved[0]).toBeGreaterThan(0);
    }),
  );
});

test("property: whatever queues take and give back, each can take what it has for itself, and no more run than there are workers", () => {
  const steps = fc.array(fc.record({ queue: fc.nat(5), takes: fc.boolean() }), { maxLength: 300 });
  fc.assert(
    fc.property(pools, steps, (pool, taken) => {
      const reserved = reservedWorkers(pool);
      const busy = pool.queues.map(() => 0);
      const inUse = { workersMax: pool.workersMax, reserved, busy };
      for (const { queue: any, takes } of taken) {
        const queue = any % busy.length;
        if (takes && freeWorkers(queue, inUse) > 0) busy[queue]! += 1;
        else if (!takes && busy[queue]! > 0) busy[queue]! -= 1;
        expect(busy.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(pool.workersMax);
        for (const [index, own] of reserved.entries())
          expect(freeWorkers(index, inUse)).toBeGreaterThanOrEqual(Math.max(0, own - busy[index]!));
      }
    }),
  );
});

test("property: a queue alone at work may have all workers that are not others' own", () => {
  fc.assert(
    fc.property(pools, fc.nat(5), (pool, any) => {
      const reserved = reservedWorkers(pool);
      const queue = any % reserved.length;
      const others = reserved.reduce((sum, count, index) => (index === queue ? sum : sum + count), 0);
      const busy = pool.queues.map(() => 0);
      expect(freeWorkers(queue, { workersMax: pool.workersMax, reserved, busy })).toBe(pool.workersMax - others);
    }),
  );
});
