import type { JobEvent } from "../events/job-event.ts";
import type { SlotRange } from "../domain/slot.ts";

/** Events of job writes, kept by the write itself until the bus has acknowledged them. Key of an entry: `event.id`. */
export interface JobOutbox {
  /** Oldest first. */
  unsent(query: { readonly slots: SlotRange; readonly limit: number }): Promise<readonly JobEvent[]>;
  sent(eventIds: readonly string[]): Promise<void>;
}
