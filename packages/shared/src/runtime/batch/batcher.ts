import type { Clock, Timer } from "../../ports/clock.ts";

export interface BatcherOptions<Item> {
  readonly clock: Clock;
  readonly keyOf: (item: Item) => string;
  /** How long the first item waits for others, in milliseconds. */
  readonly gatherMs: number;
  /** Items written at once; as many as that do not wait. */
  readonly itemsMax: number;
  /** Never twice at once. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** Returns those of the unwritten to be written with the next; the others are forgotten. */
  readonly onFault: (fault: unknown, items: readonly Item[]) => readonly Item[];
}

/** Items to be written soon, by a key each, in as few writes as can be: a write of one costs a store about as much as one of many. */
export interface Batcher<Item> {
  add(item: Item): void;
  /** It need not be written any more, if it is not yet. */
  drop(key: string): void;
  /** Writes what was gathered, and resolves when nothing is being written. False: something could not be. */
  flushed(): Promise<boolean>;
}

export function createBatcher<Item>({ clock, keyOf, gatherMs, itemsMax, write, onFault }: BatcherOptions<Item>): Batcher<Item> {
  /** Waiting for others. */
  const gathered = new Map<string, Item>();
  /** Waiting for the write before: what comes meanwhile joins it when its own time is over. */
  const ready = new Map<string, Item>();
  let timer: Timer | null = null;
  let writing: Promise<boolean> | null = null;

  function flush(): Promise<boolean> {
    timer?.cancel();
    timer = null;
    for (const [key, item] of gathered) ready.set(key, item);
    gathered.clear();
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
        for (const item of onFault(fault, items)) gathered.set(keyOf(item), item);
      }
    }
    return written;
  }
  return {
    add(item) {
      gathered.set(keyOf(item), item);
      if (gathered.size === itemsMax) void flush();
      else timer ??= clock.setTimer(gatherMs, () => void flush());
    },
    drop(key) {
      gathered.delete(key);
      ready.delete(key);
    },
    flushed: flush,
  };
}
