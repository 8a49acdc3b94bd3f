import { createSortedIndex, takeWhile } from "./sorted-index.ts";

/** Rows of many groups, each group in the order of its ids. A group costs nothing by itself: 100,000 jobs are as many groups. */
export interface GroupedIndex<Row> {
  set(group: string, id: string, row: Row): void;
  delete(group: string, id: string): void;
  ascending(group: string): Generator<Row>;
  /** Below `before`; null: from the last. */
  descending(group: string, before: string | null): Generator<Row>;
}

/** Between group and id: smaller than any character of either, so that no group reaches into another. */
const SEPARATOR = "\u0000";
const BEHIND_SEPARATOR = "\u0001";

export function createGroupedIndex<Row>(): GroupedIndex<Row> {
  const members = createSortedIndex<{ readonly group: string; readonly row: Row }>();
  const keyOf = (group: string, id: string): string => `${group}${SEPARATOR}${id}`;

  function* rowsOf(group: string, walk: Iterable<{ readonly group: string; readonly row: Row }>): Generator<Row> {
    for (const { row } of takeWhile(walk, (member) => member.group === group)) yield row;
  }
  return {
    set: (group, id, row) => members.set(keyOf(group, id), 0, { group, row }),
    delete: (group, id) => members.delete(keyOf(group, id)),
    ascending: (group) => rowsOf(group, members.ascending({ at: 0, id: keyOf(group, "") })),
    descending: (group, before) =>
      rowsOf(group, members.descending({ at: 0, id: before === null ? `${group}${BEHIND_SEPARATOR}` : keyOf(group, before) })),
  };
}
