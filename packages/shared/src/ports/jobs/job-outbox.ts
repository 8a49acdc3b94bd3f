import type { JobEvent } from "../../events/job-event.ts";
import type { Shard } from "../../domain/slot.ts";

/** Events of job writes, kept by the write itself until the bus has acknowledged them. Key of an entry: `event.id`. */
export interface JobOutbox {
  /**
   * Events of one job in the order of its writes; all returned events oldest first. If more than `limit` wait, the store chooses which
   * to return; the others follow once these are sent. Entries that cannot be read are left out, and do not count for `limit`.
   */
  unsent(query: { readonly shard: Shard; readonly limit: number }): Promise<readonly JobEvent[]>;
  sent(eventIds: readonly string[]): Promise<void>;
}
