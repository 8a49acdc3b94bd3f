/** Figures of a run go to standard error: Jest shows them at once, and without the place they were printed at. */
export const printFigures = (...lines: readonly string[]): void => void process.stderr.write(`${lines.join("\n")}\n`);

/** `{"a":2,"b":1}` for a, b, a. */
export function tally(names: readonly string[]): string {
  const groups = Map.groupBy(names, (name) => name);
  return JSON.stringify(Object.fromEntries([...groups].map(([name, same]) => [name, same.length])));
}

/** Least, middle and greatest. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, middle, greatest] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map((at) => Math.round(sorted[at] ?? Number.NaN));
  return `${least} / ${middle} / ${greatest}`;
}
