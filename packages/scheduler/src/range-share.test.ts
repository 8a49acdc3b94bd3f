import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { askingOrder, planSharing, shareOf } from "./range-share.ts";

const ranges = fc.integer({ min: 1, max: 64 });
const alive = fc.integer({ min: 1, max: 100 });
const sharesOf = (count: number, schedulers: number): number[] =>
  Array.from({ length: schedulers }, (_, seat) => shareOf(count, { seat, alive: schedulers }));

describe("shares", () => {
  test("of all schedulers are all ranges, and no two differ by more than one", () => {
    fc.assert(
      fc.property(ranges, alive, (count, schedulers) => {
        const shares = sharesOf(count, schedulers);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("of whoever stays only shrink when another joins", () => {
    fc.assert(
      fc.property(ranges, alive, (count, schedulers) => {
        const after = sharesOf(count, schedulers + 1);
        for (const [seat, share] of sharesOf(count, schedulers).entries()) expect(after[seat]).toBeLessThanOrEqual(share);
      }),
    );
  });

  test("one alone has all, and who is beyond those counted has none", () => {
    expect(shareOf(8, { seat: 0, alive: 1 })).toBe(8);
    expect(sharesOf(8, 3)).toEqual([3, 3, 2]);
    expect(shareOf(8, { seat: 3, alive: 3 })).toBe(0);
  });
});

test("schedulers that agree on how many they are ask first for ranges that no other asks first for", () => {
  fc.assert(
    fc.property(ranges, alive, (count, schedulers) => {
      const first = Array.from({ length: schedulers }, (_, seat) => {
        const standing = { seat, alive: schedulers };
        const order = askingOrder(count, standing);
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_value, index) => index));
        return order.slice(0, shareOf(count, standing));
      }).flat();
      expect(new Set(first).size).toBe(count);
    }),
  );
});

/** Locks and counts as they are at their worst: rounds in any order, and each sees those who joined or left sooner or later. */
const world = fc.record({
  count: ranges,
  schedulers: fc.integer({ min: 1, max: 12 }),
  rounds: fc.array(fc.record({ seat: fc.nat(11), seen: fc.integer({ min: 1, max: 12 }) }), { maxLength: 200 }),
});

describe("sharing", () => {
  test("whatever was seen before, a few rounds of right counts make the shares even, with every range held once", () => {
    fc.assert(
      fc.property(world, ({ count, schedulers, rounds }) => {
        const holder = new Map<number, number>();
        const older = Array.from({ length: schedulers }, () => 0);
        const heldBy = (seat: number): number[] => [...holder].filter(([, by]) => by === seat).map(([range]) => range);
        const round = (seat: number, seen: number): void => {
          const standing = { seat, alive: Math.max(seen, seat + 1) };
          const newer = shareOf(count, standing);
          const held = heldBy(seat);
          const { ask, giveUp } = planSharing({ held: held.length, shares: [older[seat] ?? 0, newer], standIns: 0 });
          const free = askingOrder(count, standing).filter((range) => !holder.has(range));
          for (const range of free.slice(0, ask)) holder.set(range, seat);
          for (const range of held.slice(0, giveUp)) holder.delete(range);
          older[seat] = newer;
        };
        for (const { seat, seen } of rounds) if (seat < schedulers) round(seat, Math.min(seen, schedulers));
        for (let more = 0; more < 2 * count + 2; more += 1) for (let seat = 0; seat < schedulers; seat += 1) round(seat, schedulers);
        expect(Array.from({ length: schedulers }, (_, seat) => heldBy(seat).length)).toEqual(sharesOf(count, schedulers));
      }),
    );
  });

  test("a count that was higher only once changes nothing", () => {
    expect(planSharing({ held: 3, shares: [4, 2], standIns: 0 })).toEqual({ ask: 1, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [8, 4], standIns: 0 })).toEqual({ ask: 0, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [4, 8], standIns: 0 })).toEqual({ ask: 0, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [4, 4], standIns: 0 })).toEqual({ ask: 0, giveUp: 1 });
  });

  test("what nobody else took is kept", () => {
    expect(planSharing({ held: 5, shares: [4, 4], standIns: 1 })).toEqual({ ask: 0, giveUp: 0 });
  });

  test("what is missing is asked for at once", () => {
    expect(planSharing({ held: 1, shares: [2, 4], standIns: 0 })).toEqual({ ask: 3, giveUp: 0 });
  });
});
