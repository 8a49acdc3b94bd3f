import type { JobEvent } from "../../../events/job-event.ts";
import type { JobRow } from "./job-table.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

export interface UnsentEvent {
  readonly row: JobRow;
  readonly event: JobEvent;
}

/** Events of all jobs that the bus has not acknowledged. */
export interface OutboxTable {
  /** In the order of their writes. */
  readonly unsent: SortedIndex<UnsentEvent>;
  readonly add: (row: JobRow, event: JobEvent) => void;
  readonly remove: (eventId: string) => void;
}

export function createOutboxTable(): OutboxTable {
  const unsent = createSortedIndex<UnsentEvent>();
  const owners = new Map<string, JobRow>();
  let writes = 0;
  return {
    unsent,
    add(row, event) {
      writes += 1;
      row.unsent.add(event.id);
      owners.set(event.id, row);
      unsent.set(event.id, writes, { row, event });
    },
    remove(eventId) {
      owners.get(eventId)?.unsent.delete(eventId);
      owners.delete(eventId);
      unsent.delete(eventId);
    },
  };
}
