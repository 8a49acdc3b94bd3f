import type { DatabaseSync } from "node:sqlite";

export type MetaName = "incarnation" | "indexed_to" | "running_floor" | "watermark";

/** Single numbers of the file. */
export interface Meta {
  get(name: MetaName): number;
  set(name: MetaName, value: number): void;
}

export function openMeta(db: DatabaseSync): Meta {
  const select = db.prepare("SELECT value FROM meta WHERE name = ?");
  const update = db.prepare("UPDATE meta SET value = ? WHERE name = ?");
  return {
    get: (name) => Number(select.get(name)?.["value"] ?? 0),
    set: (name, value) => void update.run(value, name),
  };
}
