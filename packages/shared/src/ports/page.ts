/** A part of a list, and where the next part begins: `nextCursor` is null at the end. A cursor is opaque to callers. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Which part of a list is asked for. `cursor` is a `nextCursor` of the same query, already decoded and checked. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | null;
}
