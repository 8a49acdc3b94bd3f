import { AppError } from "../../domain/app-error.ts";
import type { Instant } from "../../domain/instant.ts";
import type { JobDefinition } from "../../domain/job-definition.ts";
import type { Collections } from "./collections.ts";
import { definitionId, type DefinitionKey, definitionOf, type Naming, newDefinitionRow } from "./definition-row.ts";

/** Definitions kept in memory: their content never changes, and every fire and every publication reads one. */
const CACHED_MAX = 20_000;
/** Rounds of an `add` whose row comes and goes meanwhile. */
const ROUNDS_MAX = 5;

export interface Definitions {
  /** Writes it, or names it where it is there already. The next sweep looks who uses it. */
  add(key: DefinitionKey, definition: JobDefinition): Promise<void>;
  /**
   * Says that somebody is about to use these, or to leave them: whatever sweeps found before counts no more, and no sweep
   * looks at them before `lookAt`. Returns those that are not there.
   */
  name(keys: readonly DefinitionKey[], lookAt: Instant): Promise<readonly DefinitionKey[]>;
  /** Reads those of all rows in one go. Answers by row; one that is not there is `store_corrupt`. */
  of(keys: readonly DefinitionKey[]): Promise<(key: DefinitionKey) => JobDefinition>;
}

/** At the next sweep. */
export const LOOK_SOON: Instant = 0;

const idOf = ({ jobUid, definitionHash }: DefinitionKey): string => definitionId(jobUid, definitionHash);

export function createDefinitions({ definitions }: Pick<Collections, "definitions">, newToken: () => string): Definitions {
  const name = (ids: readonly string[], naming: Naming): Promise<number> =>
    definitions.updateMany({ _id: { $in: ids.toSorted() } }, { $set: naming, $unset: { found: "" } });
  return {
    async add(key, definition) {
      const naming = { named: newToken(), lookAt: LOOK_SOON };
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        if ((await definitions.insert([newDefinitionRow(key, definition, naming)])).length === 0) return;
        if ((await name([idOf(key)], naming)) > 0) return;
      }
      throw new AppError("store_unavailable", `add definition ${idOf(key)}: it came and went`, { retryable: true });
    },
    async name(keys, lookAt) {
      const byId = new Map(keys.map((key) => [idOf(key), key]));
      if (byId.size === 0) return [];
      const naming = { named: newToken(), lookAt };
      if ((await name([...byId.keys()], naming)) === byId.size) return [];
      const there = await definitions.find({ _id: { $in: [...byId.keys()] } }, { fields: ["named"] });
      for (const { _id } of there) byId.delete(_id);
      return [...byId.values()];
    },
    of: createReader(definitions),
  };
}

function createReader(definitions: Collections["definitions"]): Definitions["of"] {
  const cached = new Map<string, JobDefinition>();
  const keep = (id: string, definition: JobDefinition): void => {
    if (cached.size >= CACHED_MAX) for (const oldest of cached.keys()) if (cached.delete(oldest)) break;
    cached.set(id, definition);
  };
  return async (keys) => {
    const found = new Map<string, JobDefinition>();
    const missing = new Set<string>();
    for (const key of keys) {
      const id = idOf(key);
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
    return (key) => {
      const definition = found.get(idOf(key));
      if (definition === undefined) throw new AppError("store_corrupt", `job ${key.jobUid} has no definition ${key.definitionHash}`);
      return definition;
    };
  };
}
