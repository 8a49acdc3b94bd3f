/** Items in the order in which they came. Taking some costs the same however many there are. */
export interface Fifo<Item> {
  readonly size: number;
  add(item: Item): void;
  first(): Item | undefined;
  shift(): Item | undefined;
  /** At most so many, the oldest first. */
  take(count: number): Item[];
  /** In front of the others. */
  putBack(items: readonly Item[]): void;
  clear(): void;
}

export function createFifo<Item>(): Fifo<Item> {
  /** Those before `from` have gone, and are cut off now and then. */
  let items: Item[] = [];
  let from = 0;

  function dropTaken(count: number): void {
    from += count;
    if (from * 2 <= items.length) return;
    items = items.slice(from);
    from = 0;
  }
  return {
    get size() {
      return items.length - from;
    },
    add: (item) => void items.push(item),
    first: () => items[from],
    shift() {
      const item = items[from];
      if (from < items.length) dropTaken(1);
      return item;
    },
    take(count) {
      const taken = items.slice(from, from + count);
      dropTaken(taken.length);
      return taken;
    },
    putBack(returned) {
      items = [...returned, ...items.slice(from)];
      from = 0;
    },
    clear() {
      items = [];
      from = 0;
    },
  };
}
