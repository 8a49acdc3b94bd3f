import { z } from "zod";

/** Jobs hash into this many slots; leaders own shards of them. It must never change: slots are in stored rows. */
export const SLOTS = 1024;

/** A half-open range of slots: `from` inclusive, `to` exclusive. */
export interface Shard {
  readonly from: number;
  readonly to: number;
}

/** The slot of a job, as a field of an event. */
export const SlotSchema = z.int().meta({ description: "The part of the jobs it belongs to, from 0 to 1,023." });

export const ALL_SLOTS: Shard = { from: 0, to: SLOTS };

export const isInShard = (slot: number, range: Shard): boolean => slot >= range.from && slot < range.to;

/** FNV-1a of the job's uid. Any even spread would do; this one is short and the same everywhere. */
export function computeSlot(jobUid: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < jobUid.length; index += 1) {
    hash ^= jobUid.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % SLOTS;
}
