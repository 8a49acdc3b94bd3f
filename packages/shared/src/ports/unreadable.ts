/** A stored row that cannot be read, or of which a part cannot: `id` names it, `reason` says what is wrong. */
export interface UnreadableRow {
  readonly kind: "job" | "run" | "event" | "handler";
  readonly id: string;
  readonly reason: string;
}

/**
 * A store calls it each time it reads such a row. Every read of more than one row leaves it out, or shows what can be read of
 * it, and goes on with the others; a row that is left out takes no place of `limit`, and never ends a reading.
 */
export type OnUnreadable = (row: UnreadableRow) => void;
