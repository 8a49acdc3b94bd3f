import type { DatabaseSync } from "node:sqlite";
import { NO_DEFINITION, readDefinitionText } from "../../domain/stored-definition.ts";
import type { NamedDefinition } from "./job-view.ts";

/** Definitions kept parsed, and the longest of them in characters: some 8 MB at most. */
const DEFINITIONS_MAX = 2_000;
const DEFINITION_CHARS_MAX = 2_048;

/**
 * Definitions by key, for reads. A row never changes, and no key is given twice while the file is open. One that cannot be
 * read is not kept: somebody may mend it.
 */
export interface DefinitionCache {
  /** `params` false: of a long one `{}` stands in the place of its params, which are not read. */
  get(definitionKey: number, how?: { readonly params: boolean }): NamedDefinition;
  /** Definitions met so far that were too long to be kept. */
  readonly long: number;
}

export function openDefinitionCache(db: DatabaseSync): DefinitionCache {
  const kept = new Map<number, NamedDefinition>();
  let long = 0;
  const select = db.prepare("SELECT hash, body FROM definitions WHERE definition_key = ?");
  // What is not as it should be is read as it is: then it says so itself.
  const selectBrief = db.prepare(
    `SELECT hash, json_set(body, '$.params', json('{}')) AS body FROM definitions
     WHERE definition_key = ? AND length(body) > ${DEFINITION_CHARS_MAX} AND json_valid(body) AND json_type(body, '$.params') = 'object'`,
  );
  return {
    get(definitionKey, { params } = { params: true }) {
      const known = kept.get(definitionKey);
      if (known !== undefined) return known;
      const brief = params ? undefined : selectBrief.get(definitionKey);
      if (brief !== undefined) return { hash: String(brief["hash"]), stored: readDefinitionText(brief["body"]) };
      const row = select.get(definitionKey);
      if (row === undefined) return { hash: "", stored: NO_DEFINITION };
      const body = String(row["body"]);
      const read = { hash: String(row["hash"]), stored: readDefinitionText(row["body"]) };
      if (read.stored.kind === "unreadable") return read;
      if (body.length > DEFINITION_CHARS_MAX) {
        long += 1;
        return read;
      }
      if (kept.size >= DEFINITIONS_MAX) kept.delete(kept.keys().next().value ?? 0);
      kept.set(definitionKey, read);
      return read;
    },
    get long() {
      return long;
    },
  };
}
