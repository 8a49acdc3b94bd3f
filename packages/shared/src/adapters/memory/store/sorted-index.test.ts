import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createSortedIndex, type Position, take } from "./sorted-index.ts";

const IDS = 700; // More than two chunks hold.

const write = fc.record({ id: fc.nat(IDS).map(String), at: fc.option(fc.nat(20), { nil: null }) });

/** The same writes on an index and on a plain map that is sorted when it is asked. */
function play(writes: readonly { readonly id: string; readonly at: number | null }[]) {
  const index = createSortedIndex<string>();
  const model = new Map<string, number>();
  for (const { id, at } of writes) {
    if (at === null) {
      index.delete(id);
      model.delete(id);
    } else {
      index.set(id, at, id);
      model.set(id, at);
    }
  }
  const positions: Position[] = [...model]
    .map(([id, at]) => ({ id, at }))
    .sort((left, right) => left.at - right.at || (left.id < right.id ? -1 : 1));
  return { index, positions };
}

const isBehind = (position: Position, other: Position): boolean =>
  position.at > other.at || (position.at === other.at && position.id > other.id);

test("walks are in order both ways, whatever was added, moved and removed before", () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 2_000, size: "max" }), (writes) => {
      const { index, positions } = play(writes);
      const ids = positions.map(({ id }) => id);
      expect([...index.ascending()]).toEqual(ids);
      expect([...index.descending()]).toEqual(ids.toReversed());
      expect(index.size).toBe(ids.length);
    }),
    { numRuns: 50 },
  );
});

test("a walk from a position, present or not, begins right behind it", () => {
  fc.assert(
    fc.property(fc.array(write, { maxLength: 1_500, size: "max" }), fc.nat(21), fc.nat(IDS).map(String), (writes, at, id) => {
      const { index, positions } = play(writes);
      const from = { at, id };
      expect([...index.ascending(from)]).toEqual(positions.filter((position) => isBehind(position, from)).map((position) => position.id));
      expect([...index.descending(from)]).toEqual(
        positions
          .filter((position) => isBehind(from, position))
          .map((position) => position.id)
          .reverse(),
      );
    }),
    { numRuns: 50 },
  );
});

test("taking stops at its limit", () => {
  const { index } = play(["a", "b", "c"].map((id) => ({ id, at: 0 })));
  expect(take(index.ascending(), 2)).toEqual(["a", "b"]);
  expect(take(index.ascending(), 0)).toEqual([]);
  expect(take(index.ascending(), 5, (id) => id !== "b")).toEqual(["a", "c"]);
});
