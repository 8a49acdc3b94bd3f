import type { DatabaseSync } from "node:sqlite";
import type { JobDefinition } from "../../../domain/job/job-definition.ts";
import { readDefinitionText, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { query } from "../rows.ts";

/** Definitions that are known to be readable, at most. */
const READABLE_MAX = 100_000;

/** No sweep has found yet that it is unused. */
export const NOT_SEEN_UNUSED = 0;

export interface WrittenDefinition {
  readonly hash: string;
  readonly definition: JobDefinition;
  /** It is the one that the job has now; the others are deleted when no run uses them any more. */
  readonly isOwn: boolean;
}

/** The immutable definitions of jobs, by a key that is never reused. */
export interface Definitions {
  find(jobKey: number, hash: string): number | null;
  /** Returns the key of this definition; writes the definition if it is missing, and repairs a damaged row. */
  write(jobKey: number, definition: WrittenDefinition): number;
  /** It is no longer the job's own, or is used again: its grace restarts at the next sweep. */
  release(definitionKey: number): void;
  /** The hash; null if the row is missing. */
  hash(definitionKey: number): string | null;
  read(definitionKey: number): StoredDefinition;
  isReadable(definitionKey: number): boolean;
}

export function openDefinitions(db: DatabaseSync): Definitions {
  const byHash = query<{ key: number; body: string }>(
    db,
    "SELECT definition_key AS key, body FROM definitions WHERE job_key = ? AND hash = ?",
  );
  const byKey = query<{ hash: string; body: string }>(db, "SELECT hash, body FROM definitions WHERE definition_key = ?");
  const insert = query<{ key: number }>(
    db,
    "INSERT INTO definitions (job_key, hash, body, unused_since) VALUES (?, ?, ?, ?) RETURNING definition_key AS key",
  );
  const own = db.prepare("UPDATE definitions SET unused_since = NULL WHERE definition_key = ?");
  const release = db.prepare(
    `UPDATE definitions SET unused_since = ${NOT_SEEN_UNUSED},
       last_run_id = (SELECT max(run_id) FROM runs WHERE runs.job_key = definitions.job_key) WHERE definition_key = ?`,
  );
  const mend = db.prepare("UPDATE definitions SET body = ? WHERE definition_key = ?");
  const read = (definitionKey: number): StoredDefinition => readDefinitionText(byKey.get(definitionKey)?.body);
  const readable = new Set<number>();
  return {
    find: (jobKey, hash) => byHash.get(jobKey, hash)?.key ?? null,
    write(jobKey, { hash, definition, isOwn }) {
      const unusedSince = isOwn ? null : NOT_SEEN_UNUSED;
      const body = JSON.stringify(definition);
      const found = byHash.get(jobKey, hash);
      if (found === undefined) return (insert.get(jobKey, hash, body, unusedSince) as { key: number }).key;
      (isOwn ? own : release).run(found.key);
      if (readDefinitionText(found.body).kind === "unreadable") mend.run(body, found.key);
      return found.key;
    },
    release: (definitionKey) => void release.run(definitionKey),
    hash: (definitionKey) => byKey.get(definitionKey)?.hash ?? null,
    read,
    isReadable(definitionKey) {
      if (readable.has(definitionKey)) return true;
      if (read(definitionKey).kind === "unreadable") return false; // Not cached: it may be repaired.
      if (readable.size >= READABLE_MAX) readable.clear();
      readable.add(definitionKey);
      return true;
    },
  };
}
