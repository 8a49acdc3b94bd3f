import { AppError } from "../../../domain/app-error.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { JobDefinition } from "../../../domain/job-definition.ts";
import type { Collections } from "../collections/collections.ts";
import { NO_DEFINITION, type StoredDefinition } from "../../../domain/stored-definition.ts";
import { isRecord } from "../../../domain/stored-value.ts";
import {
  definitionId,
  type DefinitionKey,
  definitionOf,
  type DefinitionRow,
  type Naming,
  newDefinitionRow,
  storedForm,
} from "./definition-row.ts";

/** Definitions kept in memory: their content never changes, and every fire and every publication reads one. */
const CACHED_MAX = 20_000;
/** Fewer where they are long. */
const CACHED_CHARS_MAX = 67_108_864;
/** Rounds of an `add` whose row comes and goes meanwhile. */
const ROUNDS_MAX = 5;

export interface Definitions {
  /** Writes it, or names it where it is there already, and mends it where it was damaged. The next sweep looks who uses it. */
  add(key: DefinitionKey, definition: JobDefinition): Promise<void>;
  /**
   * Says that somebody is about to use these, or to leave them: whatever sweeps found before counts no more, and no sweep
   * looks at them before `lookAt`. Returns those that are not there.
   */
  name(keys: readonly DefinitionKey[], lookAt: Instant): Promise<readonly DefinitionKey[]>;
  /** Reads those of all rows in one go. Answers by row, also for one that is not there or cannot be read. */
  of(keys: readonly DefinitionKey[], how?: ReadHow): Promise<(key: DefinitionKey) => StoredDefinition>;
}

export interface ReadHow {
  /** False: those that are not in memory have `{}` in place of their params. */
  readonly params: boolean;
}

/** At the next sweep. */
export const LOOK_SOON: Instant = 0;

const idOf = ({ jobUid, definitionHash }: DefinitionKey): string => definitionId(jobUid, definitionHash);

export function createDefinitions({ definitions }: Pick<Collections, "definitions">, newToken: () => string): Definitions {
  const name = (ids: readonly string[], naming: Naming): Promise<number> =>
    definitions.updateMany({ _id: { $in: ids.toSorted() } }, { $set: naming, $unset: { found: "" } });
  const of = createReader(definitions);
  return {
    of,
    async add(key, definition) {
      const naming = { named: newToken(), lookAt: LOOK_SOON };
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        if ((await definitions.insert([newDefinitionRow(key, definition, naming)])).length === 0) return;
        if ((await name([idOf(key)], naming)) === 0) continue;
        const stored = (await of([key]))(key);
        if (stored.kind === "unreadable")
          await definitions.updateMany({ _id: { $eq: idOf(key) } }, { $set: { definition: storedForm(definition) } });
        return;
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
  };
}

function createReader(definitions: Collections["definitions"]): Definitions["of"] {
  const cached = new Map<string, { readonly stored: StoredDefinition; readonly chars: number }>();
  let cachedChars = 0;
  function forget(id: string): void {
    cachedChars -= cached.get(id)?.chars ?? 0;
    cached.delete(id);
  }
  /** What cannot be read is asked for again: somebody may mend it. */
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
      const id = idOf(key);
      const known = cached.get(id);
      if (known === undefined) missing.add(id);
      else found.set(id, known.stored);
    }
    const all = { _id: { $in: [...missing] } };
    const rows = missing.size === 0 ? [] : await definitions.find(all, params ? {} : { without: ["definition.params"] });
    for (const row of rows) {
      const definition = definitionOf(params ? row : withNoParams(row));
      found.set(row._id, definition);
      if (params) keep(row._id, definition, charsOf(row));
    }
    return (key) => found.get(idOf(key)) ?? NO_DEFINITION;
  };
}

/** Of the params, which may be long, and about as much as all else has. */
const charsOf = ({ definition }: DefinitionRow): number =>
  1_000 + String((definition as Partial<typeof definition> | null)?.params ?? "").length;

const withNoParams = (row: DefinitionRow): DefinitionRow =>
  isRecord(row.definition) ? { ...row, definition: { ...row.definition, params: "{}" } } : row;
