import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createGroupedIndex } from "./grouped-index.ts";

test("each group holds its own rows in the order of their ids, however much the groups' names are alike", () => {
  const write = fc.record({ group: fc.constantFrom("a", "aa", "ab", "b", "", "a:"), id: fc.nat(30).map(String), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 300, size: "max" }), fc.nat(30).map(String), (writes, before) => {
      const index = createGroupedIndex<string>();
      const model = new Map<string, Set<string>>();
      for (const { group, id, gone } of writes) {
        const ids = model.get(group) ?? new Set();
        model.set(group, ids);
        if (gone) index.delete(group, id);
        else index.set(group, id, id);
        if (gone) ids.delete(id);
        else ids.add(id);
      }
      for (const [group, members] of model) {
        const ids = [...members].sort();
        expect([...index.ascending(group)]).toEqual(ids);
        expect([...index.descending(group, null)]).toEqual(ids.toReversed());
        expect([...index.descending(group, before)]).toEqual(ids.filter((id) => id < before).reverse());
      }
    }),
  );
});
