import { nearestTo } from "./edit-distance.ts";

/** Letters that a word has to share with another one's beginning, where it has too many slips: `retries`, `retry`. */
const PREFIX_LENGTH_MIN = 4;

/** The one of the known words that somebody probably meant, in any case; null: none is near, or several are as near. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const wanted = word.toLowerCase();
  const [nearest, ...others] = nearestTo(wanted, new Set(known.map((name) => name.toLowerCase())));
  if (nearest !== undefined && others.length === 0) return known.find((name) => name.toLowerCase() === nearest) ?? null;
  return nearest === undefined ? (known.find((name) => beginsLike(wanted, name.toLowerCase())) ?? null) : null;
}

/** `: did you mean name?`, to stand behind a sentence; empty if no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearestWord(word, known);
  return meant === null ? "" : `: did you mean ${meant}?`;
}

function beginsLike(word: string, name: string): boolean {
  let shared = 0;
  while (shared < word.length && word[shared] === name[shared]) shared += 1;
  return shared >= PREFIX_LENGTH_MIN && shared * 3 >= 2 * Math.min(word.length, name.length);
}
