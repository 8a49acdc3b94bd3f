import { describe, expect, test } from "@jest/globals";
import { isInShard, SLOTS } from "@tickline/shared/domain/slot";
import fc from "fast-check";
import { askingOrder, computeShare, divideSlots, planSharing, shardName } from "./shards.ts";

test.each([1, 2, 3, 7, 8, 64, 1_000, SLOTS])("%i shards hold every slot once, and differ by one slot at most", (count) => {
  const shards = divideSlots(count);
  expect(shards).toHaveLength(count);
  for (let slot = 0; slot < SLOTS; slot += 1) expect(shards.filter((shard) => isInShard(slot, shard))).toHaveLength(1);
  const sizes = shards.map(({ from, to }) => to - from);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
});

test("a shard is named by its slots", () => {
  expect(divideSlots(2).map(shardName)).toEqual(["0-512", "512-1024"]);
});

const shardCounts = fc.integer({ min: 1, max: 64 });
const memberCounts = fc.integer({ min: 1, max: 100 });
const countShares = (count: number, schedulers: number): number[] =>
  Array.from({ length: schedulers }, (_, member) => computeShare(count, { member, members: schedulers }));

describe("shares", () => {
  test("of all schedulers are all shards, and no two differ by more than one", () => {
    fc.assert(
      fc.property(shardCounts, memberCounts, (count, schedulers) => {
        const shares = countShares(count, schedulers);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("of the schedulers that stay only shrink when another one joins", () => {
    fc.assert(
      fc.property(shardCounts, memberCounts, (count, schedulers) => {
        const after = countShares(count, schedulers + 1);
        for (const [member, share] of countShares(count, schedulers).entries()) expect(after[member]).toBeLessThanOrEqual(share);
      }),
    );
  });

  test("one alone has all, and a member beyond those counted has none", () => {
    expect(computeShare(8, { member: 0, members: 1 })).toBe(8);
    expect(countShares(8, 3)).toEqual([3, 3, 2]);
    expect(computeShare(8, { member: 3, members: 3 })).toBe(0);
  });
});

test("schedulers that agree on their number each ask first for shards that no other asks first for", () => {
  fc.assert(
    fc.property(shardCounts, memberCounts, (count, schedulers) => {
      const first = Array.from({ length: schedulers }, (_, member) => {
        const position = { member, members: schedulers };
        const order = askingOrder(count, position);
        expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_value, index) => index));
        return order.slice(0, computeShare(count, position));
      }).flat();
      expect(new Set(first).size).toBe(count);
    }),
  );
});

/** Locks and counts as they are at their worst: rounds in any order, and each sees those who joined or left sooner or later. */
const world = fc.record({
  count: shardCounts,
  schedulers: fc.integer({ min: 1, max: 12 }),
  rounds: fc.array(fc.record({ member: fc.nat(11), seen: fc.integer({ min: 1, max: 12 }) }), { maxLength: 200 }),
});

describe("sharing", () => {
  test("whatever was seen before, a few rounds of right counts make the shares even, with every shard held once", () => {
    fc.assert(
      fc.property(world, ({ count, schedulers, rounds }) => {
        const holder = new Map<number, number>();
        const older = Array.from({ length: schedulers }, () => 0);
        const heldBy = (member: number): number[] => [...holder].filter(([, by]) => by === member).map(([shard]) => shard);
        const round = (member: number, seen: number): void => {
          const position = { member, members: Math.max(seen, member + 1) };
          const newer = computeShare(count, position);
          const held = heldBy(member);
          const { ask, giveUp } = planSharing({ held: held.length, shares: [older[member] ?? 0, newer], standIns: 0 });
          const free = askingOrder(count, position).filter((shard) => !holder.has(shard));
          for (const shard of free.slice(0, ask)) holder.set(shard, member);
          for (const shard of held.slice(0, giveUp)) holder.delete(shard);
          older[member] = newer;
        };
        for (const { member, seen } of rounds) if (member < schedulers) round(member, Math.min(seen, schedulers));
        for (let more = 0; more < 2 * count + 2; more += 1)
          for (let member = 0; member < schedulers; member += 1) round(member, schedulers);
        expect(Array.from({ length: schedulers }, (_, member) => heldBy(member).length)).toEqual(countShares(count, schedulers));
      }),
    );
  });

  test("a count that was higher only once changes nothing", () => {
    expect(planSharing({ held: 3, shares: [4, 2], standIns: 0 })).toEqual({ ask: 1, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [8, 4], standIns: 0 })).toEqual({ ask: 0, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [4, 8], standIns: 0 })).toEqual({ ask: 0, giveUp: 0 });
    expect(planSharing({ held: 8, shares: [4, 4], standIns: 0 })).toEqual({ ask: 0, giveUp: 1 });
  });

  test("what no other took is kept", () => {
    expect(planSharing({ held: 5, shares: [4, 4], standIns: 1 })).toEqual({ ask: 0, giveUp: 0 });
  });

  test("what is missing is asked for at once", () => {
    expect(planSharing({ held: 1, shares: [2, 4], standIns: 0 })).toEqual({ ask: 3, giveUp: 0 });
  });
});
