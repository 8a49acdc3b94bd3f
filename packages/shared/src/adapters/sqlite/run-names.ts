import type { DatabaseSync } from "node:sqlite";
import { UNKNOWN_EXECUTOR, UNKNOWN_TRAITS, type RunNames } from "./run-view.ts";

/** Traits and executors as they are met: rows that never change, and are few. */
export function readRunNames(db: DatabaseSync): RunNames {
  const traits = new Map<number, ReturnType<RunNames["traitsOf"]>>();
  const executors = new Map<number, string>();
  const selectTraits = db.prepare("SELECT queue, handler, expire_after_ms FROM traits WHERE traits_key = ?");
  const selectOwner = db.prepare("SELECT executor FROM owners WHERE owner_key = ?");
  return {
    traitsOf(traitsKey) {
      const known = traits.get(traitsKey);
      if (known !== undefined) return known;
      const row = selectTraits.get(traitsKey);
      if (row === undefined) return UNKNOWN_TRAITS;
      const { queue, handler, expire_after_ms: expireAfterMs } = row;
      const read = { queue: String(queue), handler: String(handler), expireAfterMs: expireAfterMs as number | null };
      traits.set(traitsKey, read);
      return read;
    },
    executorOf(ownerKey) {
      const known = executors.get(ownerKey);
      if (known !== undefined) return known;
      const row = selectOwner.get(ownerKey);
      if (row === undefined) return UNKNOWN_EXECUTOR;
      const executor = String(row["executor"]);
      executors.set(ownerKey, executor);
      return executor;
    },
  };
}
