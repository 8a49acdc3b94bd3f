/** A part of a list, and where the next part begins: `nextCursor` is null at the end. A cursor is opaque to callers. A part may hold fewer items than asked for, or none, and not be the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  /** What of this part cannot be read and so is not among the items; absent: nothing. */
  readonly unreadable?: readonly UnreadableItem[];
}

/** An item that stands in the list and cannot be read: its id, as far as it has one, and why. */
export interface UnreadableItem {
  readonly id: string;
  readonly reason: string;
}

/** Which part of a list is asked for. `cursor` is a `nextCursor` of the same query, already decoded and checked. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}
