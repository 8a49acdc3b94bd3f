/** Work on many items, so many at the same time. Answers in the order of the items. */
export async function inParts<Item, Answer>(
  items: readonly Item[],
  size: number,
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < items.length; from += size) answers.push(...(await Promise.all(items.slice(from, from + size).map(work))));
  return answers;
}
