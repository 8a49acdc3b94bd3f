import { AppError } from "../../domain/app-error.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { Collections } from "./collections.ts";
import { definitionId, definitionOf, newDefinitionRow } from "./definition-row.ts";

/** Definitions kept in memory: they never change, and every fire and every publication reads one. */
const CACHED_MAX = 20_000;

export interface DefinitionKey {
  readonly jobUid: string;
  readonly definitionHash: string;
}

export interface Definitions {
  /** Writes it; repeating it is harmless. */
  add(key: DefinitionKey, definition: JobDefinition): Promise<void>;
  /** Reads those of all rows in one go. Answers by row; one that is not there is `store_corrupt`. */
  of(keys: readonly DefinitionKey[]): Promise<(key: DefinitionKey) => JobDefinition>;
}

export function createDefinitions({ definitions }: Pick<Collections, "definitions">): Definitions {
  const cached = new Map<string, JobDefinition>();
  const keep = (id: string, definition: JobDefinition): void => {
    if (cached.size >= CACHED_MAX) for (const oldest of cached.keys()) if (cached.delete(oldest)) break;
    cached.set(id, definition);
  };
  return {
    async add({ jobUid, definitionHash }, definition) {
      await definitions.insert([newDefinitionRow(jobUid, definitionHash, definition)]);
    },
    async of(keys) {
      const found = new Map<string, JobDefinition>();
      const missing = new Set<string>();
      for (const { jobUid, definitionHash } of keys) {
        const id = definitionId(jobUid, definitionHash);
        const known = cached.get(id);
        if (known === undefined) missing.add(id);
        else found.set(id, known);
      }
      const rows = missing.size === 0 ? [] : await definitions.find({ _id: { $in: [...missing] } });
      for (const row of rows) {
        const definition = definitionOf(row);
        found.set(row._id, definition);
        keep(row._id, definition);
      }
      return ({ jobUid, definitionHash }) => {
        const definition = found.get(definitionId(jobUid, definitionHash));
        if (definition === undefined) throw new AppError("store_corrupt", `job ${jobUid} has no definition ${definitionHash}`);
        return definition;
      };
    },
  };
}
