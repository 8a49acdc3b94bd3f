import type { Instant } from "../../../domain/time/instant.ts";
import type { JobDefinition } from "../../../domain/job/job-definition.ts";
import type { Collections } from "../collections/collections.ts";
import { withIds } from "../collections/rows.ts";
import { inRounds } from "../in-rounds.ts";
import { NO_DEFINITION, type StoredDefinition } from "../../../domain/job/stored-definition.ts";
import { isRecord } from "../../../domain/json/stored-value.ts";
import {
  definitionId,
  type DefinitionKey,
  type DefinitionRow,
  type Naming,
  newDefinitionRow,
  storedForm,
  toStored,
} from "./definition-row.ts";

/** Definitions kept in memory: their content never changes, and every fire and every publication reads one. */
const CACHED_MAX = 20_000;
/** Fewer if they are long. */
const CACHED_CHARS_MAX = 67_108_864;
export interface Definitions {
  /** Writes it, or names it if it exists, and repairs it if it was damaged. The next sweep checks whether it is used. */
  add(key: DefinitionKey, definition: JobDefinition): Promise<void>;
  /**
   * Marks these as about to be used, or left: earlier findings of sweeps become invalid, and no sweep
   * checks them before `lookAt`. Returns the missing ones.
   */
  name(keys: readonly DefinitionKey[], lookAt: Instant): Promise<readonly DefinitionKey[]>;
  /** Reads the definitions of all rows in one query. Answers by row, also for missing and unreadable ones. */
  read(keys: readonly DefinitionKey[], how?: ReadHow): Promise<(key: DefinitionKey) => StoredDefinition>;
}

export interface ReadHow {
  /** False: those that are not in memory have `{}` in place of their params. */
  readonly params: boolean;
}

/** At the next sweep. */
export const LOOK_SOON: Instant = 0;

const toRowId = ({ jobUid, definitionHash }: DefinitionKey): string => definitionId(jobUid, definitionHash);

export function createDefinitions({ definitions }: Pick<Collections, "definitions">, newToken: () => string): Definitions {
  const name = (ids: Iterable<string>, naming: Naming): Promise<number> =>
    definitions.updateMany(withIds(ids), { $set: naming, $unset: { found: "" } });
  const read = createReader(definitions);
  return {
    read,
    add(key, definition) {
      const naming = { named: newToken(), lookAt: LOOK_SOON };
      const id = toRowId(key);
      // Between two rounds a sweep has deleted the row.
      return inRounds(`add definition ${id}`, async () => {
        if ((await definitions.insert([newDefinitionRow(key, definition, naming)])).length === 0) return undefined;
        if ((await name([id], naming)) === 0) return null;
        if ((await read([key]))(key).kind === "unreadable")
          await definitions.updateMany({ _id: { $eq: id } }, { $set: { definition: storedForm(definition) } });
        return undefined;
      });
    },
    async name(keys, lookAt) {
      if (keys.length === 0) return []; // Mostly: runs have the definition of their job.
      const byKey = new Map(keys.map((key) => [toRowId(key), key]));
      if ((await name(byKey.keys(), { named: newToken(), lookAt })) === byKey.size) return [];
      for (const { _id } of await definitions.find(withIds(byKey.keys()), { fields: ["named"] })) byKey.delete(_id);
      return [...byKey.values()];
    },
  };
}

function createReader(definitions: Collections["definitions"]): Definitions["read"] {
  const cached = new Map<string, { readonly stored: StoredDefinition; readonly chars: number }>();
  let cachedChars = 0;
  function forget(id: string): void {
    cachedChars -= cached.get(id)?.chars ?? 0;
    cached.delete(id);
  }
  /** Unreadable ones are read again each time: they may be repaired. */
  function keep(id: string, stored: StoredDefinition, chars: number): void {
    if (stored.kind === "unreadable") return;
    forget(id);
    cached.set(id, { stored, chars });
    cachedChars += chars;
    for (const oldest of cached.keys()) {
      if (cached.size <= CACHED_MAX && cachedChars <= CACHED_CHARS_MAX) return;
      forget(oldest);
    }
  }
  return async (keys, { params } = { params: true }) => {
    const found = new Map<string, StoredDefinition>();
    const missing = new Set<string>();
    for (const key of keys) {
      const id = toRowId(key);
      const known = cached.get(id);
      if (known === undefined) missing.add(id);
      else found.set(id, known.stored);
    }
    const rows = await definitions.find(withIds(missing), params ? {} : { without: ["definition.params"] });
    for (const row of rows) {
      const stored = toStored(params ? row : withNoParams(row));
      found.set(row._id, stored);
      if (params) keep(row._id, stored, countChars(row));
    }
    return (key) => found.get(toRowId(key)) ?? NO_DEFINITION;
  };
}

/** Of the params, which may be long, and about as much as all else has. */
const countChars = ({ definition }: DefinitionRow): number =>
  1_000 + String((definition as Partial<typeof definition> | null)?.params ?? "").length;

const withNoParams = (row: DefinitionRow): DefinitionRow =>
  isRecord(row.definition) ? { ...row, definition: { ...row.definition, params: "{}" } } : row;
