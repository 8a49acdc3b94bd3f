import type { Clock, Timer } from "../../ports/clock.ts";

export interface BatcherOptions<Item> {
  readonly clock: Clock;
  readonly keyOf: (item: Item) => string;
  /** How long the first item waits for others, in milliseconds. */
  readonly waitMs: number;
  /** Items written at once; as many as that do not wait. */
  readonly itemsMax: number;
  /** One call at a time. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** Returns the unwritten items to write with the next batch; the others are dropped. */
  readonly onFault: (fault: unknown, items: readonly Item[]) => readonly Item[];
}

/** Collects items by key and writes them soon in few calls: a write of one item costs a store about as much as one of many. */
export interface Batcher<Item> {
  add(item: Item): void;
  /** Removes an item that is not written yet. */
  drop(key: string): void;
  /** Writes all collected items, and resolves when no write is under way. False: a write failed. */
  flushed(): Promise<boolean>;
}

export function createBatcher<Item>({ clock, keyOf, waitMs, itemsMax, write, onFault }: BatcherOptions<Item>): Batcher<Item> {
  /** Waiting for others. */
  const collected = new Map<string, Item>();
  /** Waiting for the write before. Items that come meanwhile join when their own time is over. */
  const ready = new Map<string, Item>();
  let timer: Timer | null = null;
  let writing: Promise<boolean> | null = null;

  function flush(): Promise<boolean> {
    timer?.cancel();
    timer = null;
    for (const [key, item] of collected) ready.set(key, item);
    collected.clear();
    if (writing === null && ready.size > 0) writing = writeReady().finally(() => (writing = null));
    return writing ?? Promise.resolve(true);
  }
  async function writeReady(): Promise<boolean> {
    let written = true;
    while (ready.size > 0) {
      const items = [...ready.values()].slice(0, itemsMax);
      for (const item of items) ready.delete(keyOf(item));
      try {
        await write(items);
      } catch (fault) {
        written = false;
        for (const item of onFault(fault, items)) collected.set(keyOf(item), item);
      }
    }
    return written;
  }
  return {
    add(item) {
      collected.set(keyOf(item), item);
      if (collected.size === itemsMax) void flush();
      else timer ??= clock.setTimer(waitMs, () => void flush());
    },
    drop(key) {
      collected.delete(key);
      ready.delete(key);
    },
    flushed: flush,
  };
}
