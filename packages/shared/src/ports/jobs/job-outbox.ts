import type { JobEvent } from "../../events/job-event.ts";
import type { Shard } from "../../domain/slot.ts";

/** Events of job writes, kept by the write itself until the bus has acknowledged them. Key of an entry: `event.id`. */
export interface JobOutbox {
  /**
   * Of one job in the order of its writes, and all that is returned oldest first. Where more than `limit` wait, the store chooses which of them
   * it returns; what is sent makes room for the others. Entries that cannot be read are left out, and take no place of `limit`.
   */
  unsent(query: { readonly shard: Shard; readonly limit: number }): Promise<readonly JobEvent[]>;
  sent(eventIds: readonly string[]): Promise<void>;
}
