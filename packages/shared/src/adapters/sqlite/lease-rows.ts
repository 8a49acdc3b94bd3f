import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../domain/time/instant.ts";
import { LEASE_LIVES_MAX, type LeaseRows } from "../../ports/store/lease-rows.ts";
import type { Answering } from "./context.ts";

type Take = Parameters<LeaseRows["take"]>[0] & { readonly now: Instant };

export function openLeaseRows(db: DatabaseSync): Omit<Answering<LeaseRows>, "take"> & { take(lease: Take): boolean } {
  const take = db.prepare(
    `INSERT INTO leaders (name, owner, expires_at) VALUES (?1, ?2, ?3)
     ON CONFLICT (name) DO UPDATE SET owner = ?2, expires_at = ?3 WHERE owner = ?2 OR expires_at <= ?4 OR expires_at > ?5`,
  );
  const release = db.prepare("DELETE FROM leaders WHERE name = ? AND owner = ?");
  return {
    take: ({ name, owner, ttlMs, now }) => take.run(name, owner, now + ttlMs, now, now + LEASE_LIVES_MAX * ttlMs).changes > 0,
    release: ({ name, owner }) => void release.run(name, owner),
  };
}
