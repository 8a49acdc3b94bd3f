import type { DatabaseSync } from "node:sqlite";

export type MetaName =
  | "incarnation"
  | "indexed_to"
  | "running_floor"
  | "watermark"
  | "last_definition"
  | "decided"
  | "runs_forgotten"
  | "jobs_forgotten";

/** Single numbers of the file; 0 where nobody has written one. */
export interface Meta {
  get(name: MetaName): number;
  set(name: MetaName, value: number): void;
  /** Sets it unless it is greater already. */
  raise(name: MetaName, value: number): void;
}

export function openMeta(db: DatabaseSync): Meta {
  const select = db.prepare("SELECT value FROM meta WHERE name = ?");
  const update = db.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2");
  const get = (name: MetaName): number => Number(select.get(name)?.["value"] ?? 0);
  return {
    get,
    set: (name, value) => void update.run(name, value),
    raise(name, value) {
      if (value > get(name)) update.run(name, value);
    },
  };
}
