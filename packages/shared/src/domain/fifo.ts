/** Items in the order in which they came. Taking one costs the same however many there are. */
export interface Fifo<Item> {
  readonly size: number;
  add(item: Item): void;
  first(): Item | undefined;
  shift(): Item | undefined;
  clear(): void;
}

export function createFifo<Item>(): Fifo<Item> {
  /** Those before `from` have gone, and are cut off now and then. */
  let items: Item[] = [];
  let from = 0;
  return {
    get size() {
      return items.length - from;
    },
    add: (item) => void items.push(item),
    first: () => items[from],
    shift() {
      const item = items[from];
      if (from < items.length) from += 1;
      if (from * 2 > items.length) {
        items = items.slice(from);
        from = 0;
      }
      return item;
    },
    clear() {
      items = [];
      from = 0;
    },
  };
}
