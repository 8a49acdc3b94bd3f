import type { DatabaseSync } from "node:sqlite";
import { UNKNOWN_EXECUTOR } from "./run-view.ts";

/** Who runs attempts: an executor of one incarnation of the process. A run names it by a small number. */
export interface Owner {
  readonly ownerKey: number;
  readonly incarnation: number;
  readonly executor: string;
  readonly leaseMs: number;
}

export interface Owners {
  get(ownerKey: number): Owner;
  /** The row of an executor of this incarnation, made if there is none. */
  intern(executor: string, leaseMs: number): Owner;
  /** True while the process that held it is gone. */
  isGone(ownerKey: number): boolean;
}

const NO_INCARNATION = -1;

export function openOwners(db: DatabaseSync, incarnation: number): Owners {
  const byKey = new Map<number, Owner>();
  const own = new Map<string, Owner>();
  let lastKey = 0;
  const insert = db.prepare("INSERT INTO owners (owner_key, incarnation, executor, lease_ms) VALUES (?, ?, ?, ?)");
  const keep = (owner: Owner): Owner => {
    byKey.set(owner.ownerKey, owner);
    if (owner.incarnation === incarnation) own.set(`${owner.leaseMs} ${owner.executor}`, owner);
    lastKey = Math.max(lastKey, owner.ownerKey);
    return owner;
  };
  for (const row of db.prepare("SELECT owner_key, incarnation, executor, lease_ms FROM owners").iterate()) {
    keep({
      ownerKey: row["owner_key"] as number,
      incarnation: row["incarnation"] as number,
      executor: row["executor"] as string,
      leaseMs: row["lease_ms"] as number,
    });
  }
  /** One whose row is gone is an executor of no living process. */
  const get = (ownerKey: number): Owner =>
    byKey.get(ownerKey) ?? { ownerKey, incarnation: NO_INCARNATION, executor: UNKNOWN_EXECUTOR, leaseMs: 0 };
  return {
    get,
    intern(executor, leaseMs) {
      const known = own.get(`${leaseMs} ${executor}`);
      if (known !== undefined) return known;
      const owner = keep({ ownerKey: lastKey + 1, incarnation, executor, leaseMs });
      insert.run(owner.ownerKey, incarnation, executor, leaseMs);
      return owner;
    },
    isGone: (ownerKey) => get(ownerKey).incarnation !== incarnation,
  };
}
