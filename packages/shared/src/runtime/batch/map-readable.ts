import { toReason } from "../../domain/evaluation.ts";
import type { Page, UnreadableItem } from "../../ports/page.ts";
import type { OnUnreadable, UnreadableRow } from "../../ports/unreadable.ts";

export interface ReadableRows<Row, Item> {
  readonly kind: UnreadableRow["kind"];
  readonly idOf: (row: Row) => string;
  /** Throws where the row cannot be read. */
  readonly map: (row: Row) => Item;
  readonly onUnreadable: OnUnreadable;
}

/** Maps rows, each by itself: one that cannot be read is reported and left out, and the others are returned. */
export const mapReadable = <Row, Item>(rows: Iterable<Row>, how: ReadableRows<Row, Item>): Item[] => partReadable(rows, how).items;

/** The same, with as many rows as needed for `limit` items: unreadable rows do not count. */
export function takeReadable<Row, Item>(rows: Iterable<Row>, limit: number, how: ReadableRows<Row, Item>): Item[] {
  const items: Item[] = [];
  for (const row of rows) {
    if (items.length >= limit) break;
    items.push(...mapReadable([row], how));
  }
  return items;
}

/** The same as a page of a list for users, which names the rows it leaves out. */
export function pageReadable<Row, Item>(rows: readonly Row[], how: ReadableRows<Row, Item>, nextCursor: string | null): Page<Item> {
  const { items, unreadable } = partReadable(rows, how);
  return { items, nextCursor, ...(unreadable.length > 0 && { unreadable }) };
}

function partReadable<Row, Item>(rows: Iterable<Row>, { kind, idOf, map, onUnreadable }: ReadableRows<Row, Item>) {
  const items: Item[] = [];
  const unreadable: UnreadableItem[] = [];
  for (const row of rows) {
    try {
      items.push(map(row));
    } catch (fault) {
      const failed = { id: idOf(row), reason: toReason(fault) };
      onUnreadable({ kind, ...failed });
      unreadable.push(failed);
    }
  }
  return { items, unreadable };
}
