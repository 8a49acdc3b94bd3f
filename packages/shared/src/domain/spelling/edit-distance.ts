/** Longer texts are not compared: the cost of one comparison grows with the square of the length. */
const COMPARED_LENGTH_MAX = 40;

/** The candidates that are nearest to a word, by the number of typing slips between them; none if all are further away than `slipsMax`. */
export function nearestTo(word: string, candidates: Iterable<string>, slipsMax = slipsFor(word)): string[] {
  if (word.length > COMPARED_LENGTH_MAX) return [];
  let [nearest, slips]: [string[], number] = [[], slipsMax];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > slips) continue;
    const distance = editDistance(word, candidate);
    if (distance > slips) continue;
    nearest = distance < slips ? [candidate] : [...nearest, candidate];
    slips = distance;
  }
  return nearest;
}

/** A third of the letters, at most two: a word that is further away is another word, not a slip. */
const slipsFor = (word: string): number => Math.min(2, Math.floor(word.length / 3));

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let [above, row]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row?.[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (above?.[j - 2] ?? 0) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (row?.[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    [above, row] = [row, next];
  }
  return row?.[b.length] ?? 0;
}
