/** The first rows of an order as far as they can be read, and how many rows that were. */
export interface ReadablePart<Item> {
  readonly items: readonly Item[];
  readonly met: number;
}

/**
 * Reads the first rows of an order until `limit` of them can be read, or there are no more: again and more of them, where
 * some cannot be. However many of those stand in front, they end no reading and hide nothing behind them. Mostly one read.
 */
export async function readEnough<Item>(limit: number, read: (rows: number) => Promise<ReadablePart<Item>>): Promise<readonly Item[]> {
  for (let rows = limit; ; rows *= 2) {
    const { items, met } = await read(rows);
    if (items.length >= limit) return items.slice(0, limit);
    if (met < rows || items.length === met) return items;
  }
}
