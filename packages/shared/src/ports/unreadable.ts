/** A stored row that cannot be read, or only in part: `id` names it, `reason` says what is wrong. */
export interface UnreadableRow {
  readonly kind: "job" | "run" | "event" | "handler";
  readonly id: string;
  readonly reason: string;
}

/**
 * A store calls it each time it reads such a row. Every read of more than one row leaves it out, or shows its readable
 * parts, and continues with the others. A row that is left out does not count for `limit`, and never ends a scan.
 */
export type OnUnreadable = (row: UnreadableRow) => void;
