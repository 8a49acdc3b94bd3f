import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  createPriorityFifos,
  FIRST_PLACE,
  isPriority,
  mostUrgentFirst,
  PRIORITY_MAX,
  publicationPlace,
  readPublicationPlace,
} from "./priority.ts";

const priorities = fc.integer({ min: 0, max: PRIORITY_MAX });
const items = fc.array(fc.record({ priority: priorities, runId: fc.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) }), { maxLength: 40 });
type Item = { readonly priority: number; readonly runId: string };

/** A sort that keeps the order of equals, written another way. */
const byPriority = (some: readonly Item[]): Item[] =>
  Array.from({ length: PRIORITY_MAX + 1 }, (_, index) => some.filter(({ priority }) => priority === PRIORITY_MAX - index)).flat();

test("property: the most urgent come first, and those of equal priority keep their order", () => {
  fc.assert(fc.property(items, (some) => expect(mostUrgentFirst(some, ({ priority }) => priority)).toEqual(byPriority(some))));
});

test("items of one priority are not sorted, and not copied", () => {
  const alike = [{ priority: 5 }, { priority: 5 }];
  expect(mostUrgentFirst(alike, ({ priority }) => priority)).toBe(alike);
});

test("property: what waits is counted from a priority on, and its levels hold it in order", () => {
  fc.assert(
    fc.property(items, priorities, (some, priorityMin) => {
      const waiting = createPriorityFifos<Item>();
      for (const item of some) waiting.add(item, item.priority);
      expect([waiting.count(), waiting.count(PRIORITY_MAX + 1)]).toEqual([some.length, 0]);
      expect(waiting.count(priorityMin)).toBe(some.filter(({ priority }) => priority >= priorityMin).length);
      expect(waiting.levels.flatMap((level) => level.take(some.length))).toEqual(byPriority(some));
    }),
  );
});

test("a priority that no run can have counts as the nearest one", () => {
  const waiting = createPriorityFifos<number>();
  for (const priority of [-3, 99, 9]) waiting.add(priority, priority);
  expect(waiting.levels.flatMap((level) => level.take(9))).toEqual([99, 9, -3]);
});

test("property: places sort as text in the order of publication, and say where they are", () => {
  fc.assert(
    fc.property(items, (some) => {
      const inOrder = some.toSorted((a, b) => b.priority - a.priority || (a.runId < b.runId ? -1 : a.runId > b.runId ? 1 : 0));
      expect(some.map(publicationPlace).toSorted()).toEqual(inOrder.map(publicationPlace));
      for (const item of some) expect(readPublicationPlace(publicationPlace(item))).toEqual(item);
      for (const item of some) expect(publicationPlace(item) > FIRST_PLACE).toBe(true);
    }),
  );
});

test.each([0, 5, 9])("%s is a priority", (value) => expect(isPriority(value)).toBe(true));
test.each([-1, 10, 4.5, "5", null, undefined, NaN, Infinity])("%s is none", (value) => expect(isPriority(value)).toBe(false));
