import type { DatabaseSync } from "node:sqlite";

/** Answers kept, and the jobs or runs in them all, at most. An answer with anything long in it is not kept: 10 MB together. */
const ANSWERS_MAX = 256;
const ITEMS_MAX = 2_000;

/**
 * Answers to people's reads, as long as nothing at all was committed since: what many look at while little happens costs
 * one look at the file's version. Answers are never changed by anybody, so they may be given twice.
 */
export interface PageCache {
  /** The version of the file as it is now; an answer read after this may be kept under it. */
  version(): number;
  find<Answer>(key: string, version: number): Answer | undefined;
  keep(key: string, answer: { readonly version: number; readonly value: unknown; readonly items: number }): void;
}

interface Kept {
  readonly value: unknown;
  readonly items: number;
}

export function openPageCache(db: DatabaseSync): PageCache {
  const answers = new Map<string, Kept>();
  const select = db.prepare("PRAGMA data_version");
  let keptVersion = 0;
  let items = 0;
  select.setReturnArrays(true);

  function renew(version: number): void {
    if (version === keptVersion) return;
    answers.clear();
    items = 0;
    keptVersion = version;
  }
  /** The oldest goes first: what is asked for again and again is soon kept again. */
  function makeRoom(wanted: number): void {
    for (const [key, kept] of answers) {
      if (items + wanted <= ITEMS_MAX && answers.size < ANSWERS_MAX) return;
      answers.delete(key);
      items -= kept.items;
    }
  }
  return {
    version: () => (select.get() as unknown as [number])[0],
    find<Answer>(key: string, version: number) {
      renew(version);
      return answers.get(key)?.value as Answer | undefined;
    },
    keep(key, answer) {
      if (answer.version !== keptVersion || answer.items > ITEMS_MAX || answers.has(key)) return;
      makeRoom(answer.items);
      answers.set(key, { value: answer.value, items: answer.items });
      items += answer.items;
    },
  };
}
