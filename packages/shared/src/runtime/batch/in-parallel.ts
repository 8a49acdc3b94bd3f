export interface ParallelWork<Item, Result> {
  /** Most items in progress at a time. */
  readonly atOnce: number;
  readonly work: (item: Item) => Promise<Result>;
}

/**
 * Works on all items, a bounded number at a time, and answers in their order. After a fault no further item starts; it
 * rejects with the first fault once no item is in progress.
 */
export async function inParallel<Item, Result>(items: readonly Item[], { atOnce, work }: ParallelWork<Item, Result>): Promise<Result[]> {
  const results: Result[] = [];
  const faults: unknown[] = [];
  const waiting = items.entries();
  async function takeNext(): Promise<void> {
    for (const [index, item] of waiting) {
      if (faults.length > 0) return;
      results[index] = await work(item);
    }
  }
  const takers = Array.from({ length: Math.min(atOnce, items.length) }, () =>
    takeNext().catch((fault: unknown) => void faults.push(fault)),
  );
  await Promise.all(takers);
  if (faults.length > 0) throw faults[0];
  return results;
}
