import type { DatabaseSync } from "node:sqlite";
import { LEASE_LIVES_MAX } from "../../ports/lease-rows.ts";

export interface TakeRequest {
  readonly name: string;
  readonly owner: string;
  readonly ttlMs: number;
  readonly now: number;
}

export interface LeaderRows {
  take(request: TakeRequest): boolean;
  release(request: { readonly name: string; readonly owner: string }): void;
}

export function openLeaderRows(db: DatabaseSync): LeaderRows {
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
