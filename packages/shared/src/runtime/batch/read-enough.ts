/** The readable ones of the first rows of an order, and how many rows were read. */
export interface ReadablePart<Item> {
  readonly items: readonly Item[];
  readonly met: number;
}

/**
 * Reads the first rows of an order until `limit` readable ones are found, or there are no more. If some are unreadable, it
 * reads again with a larger limit, so that unreadable rows never hide the rows after them. Usually one read.
 */
export async function readEnough<Item>(limit: number, read: (rows: number) => Promise<ReadablePart<Item>>): Promise<readonly Item[]> {
  for (let rows = limit; ; rows *= 2) {
    const { items, met } = await read(rows);
    if (items.length >= limit) return items.slice(0, limit);
    if (met < rows || items.length === met) return items;
  }
}
