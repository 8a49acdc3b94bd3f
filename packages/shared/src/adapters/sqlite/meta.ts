import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../domain/time/instant.ts";
import { query } from "./rows.ts";

export type MetaName = "watermark" | "decided" | "runs_forgotten" | "jobs_forgotten";

/** Single instants of the store; 0 if one was never written. */
export interface Meta {
  get(name: MetaName): Instant;
  set(name: MetaName, value: Instant): void;
  /** Sets it unless the stored one is greater. */
  raise(name: MetaName, value: Instant): void;
}

export function openMeta(db: DatabaseSync): Meta {
  const select = query<{ value: number }>(db, "SELECT value FROM meta WHERE name = ?");
  const upsert = db.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2");
  const get = (name: MetaName): Instant => select.get(name)?.value ?? 0;
  const set = (name: MetaName, value: Instant): void => void upsert.run(name, value);
  return { get, set, raise: (name, value) => (value > get(name) ? set(name, value) : undefined) };
}
