import type { Instant } from "../../domain/time/instant.ts";
import type { EndedRun } from "../../domain/run/settlement.ts";
import type { Shard } from "../../domain/slot.ts";

/** Ended runs that the bus has not acknowledged yet. A row is announced at least once, whatever crashes. */
export interface Announcements {
  /** Ended runs not yet announced, ended at or before `endedBefore`; oldest first. Those that cannot be read are left out. */
  unannounced(query: { readonly shard: Shard; readonly endedBefore: Instant; readonly limit: number }): Promise<readonly EndedRun[]>;
  /** Records that the bus has acknowledged their event. Repeating it is harmless. */
  announced(runIds: readonly string[]): Promise<void>;
}
