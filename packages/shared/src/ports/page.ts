/** A part of a list, and where the next part begins: `nextCursor` is null at the end. A cursor is opaque to callers. A part may have fewer items than requested, or none, without being the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  /** The unreadable items of this part, which are left out of `items`; absent: none. */
  readonly unreadable?: readonly UnreadableItem[];
}

/** An item of the list that cannot be read: its id, if it has one, and the reason. */
export interface UnreadableItem {
  readonly id: string;
  readonly reason: string;
}

/** The requested part of a list. `cursor` is a `nextCursor` of the same query, already decoded and checked. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}
