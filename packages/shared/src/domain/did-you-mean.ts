/** Longer words are not worth a guess: the cost of one grows with the square of the length. */
const WORD_LENGTH_MAX = 40;
/** A word with more slips than this is another word. */
const SLIPS_MAX = 3;
/** Letters that a word has to share with another one's beginning, where it has too many slips: `retries`, `retry`. */
const PREFIX_LENGTH_MIN = 4;

/** The one of the known words that somebody probably meant, in any case; null: none is near. A word of two letters is near to none. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  if (word.length < 3 || word.length > WORD_LENGTH_MAX) return null;
  const wanted = word.toLowerCase();
  const slipsMax = Math.min(SLIPS_MAX, Math.max(1, Math.floor(wanted.length / 3)));
  const near = known.map((name) => ({ name, slips: editDistance(wanted, name.toLowerCase()) })).filter(({ slips }) => slips <= slipsMax);
  const nearest = near.toSorted((left, right) => left.slips - right.slips)[0]?.name;
  return nearest ?? known.find((name) => beginsLike(wanted, name.toLowerCase())) ?? null;
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

/** Levenshtein, with a swap of two neighbours as one: insertions, deletions, replacements and swaps that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
