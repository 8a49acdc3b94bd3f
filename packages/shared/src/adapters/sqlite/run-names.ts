import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../domain/app-error.ts";
import type { RunNames } from "./run-view.ts";

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
      if (row === undefined) throw new AppError("store_corrupt", `no traits ${traitsKey}`);
      const { queue, handler, expire_after_ms: expireAfterMs } = row;
      const read = { queue: String(queue), handler: String(handler), expireAfterMs: expireAfterMs as number | null };
      traits.set(traitsKey, read);
      return read;
    },
    executorOf(ownerKey) {
      const known = executors.get(ownerKey);
      if (known !== undefined) return known;
      const row = selectOwner.get(ownerKey);
      if (row === undefined) throw new AppError("store_corrupt", `no owner ${ownerKey}`);
      const executor = String(row["executor"]);
      executors.set(ownerKey, executor);
      return executor;
    },
  };
}
