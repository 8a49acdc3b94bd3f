import type { Clock, Timer } from "../ports/clock.ts";

export interface GatheringOptions<Item> {
  readonly clock: Clock;
  /** How long the first item waits for others, in milliseconds. */
  readonly gatherMs: number;
  /** Items written at once; as many as that do not wait. */
  readonly itemsMax: number;
  /** Never twice at once. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** What was not written is forgotten: somebody else finds it. */
  readonly onFault: (fault: unknown, items: readonly Item[]) => void;
}

/** Items to be written soon, by a key each, in as few writes as can be: a write of one costs a store about as much as one of many. */
export interface Gathering<Item> {
  add(key: string, item: Item): void;
  /** It need not be written any more, if it is not yet. */
  drop(key: string): void;
  /** Writes what was gathered. False: some of it, or of what was being written already, could not be. */
  flushed(): Promise<boolean>;
}

const WRITTEN = Promise.resolve(true);

export function createGathering<Item>({ clock, gatherMs, itemsMax, write, onFault }: GatheringOptions<Item>): Gathering<Item> {
  const gathered = new Map<string, Item>();
  let timer: Timer | null = null;
  /** Null while nothing is being written. */
  let writing: Promise<boolean> | null = null;

  function flush(): Promise<boolean> {
    timer?.cancel();
    timer = null;
    // What comes from now on waits for a time of its own.
    const keys = [...gathered.keys()];
    if (keys.length > 0) writeAfter(writing ?? WRITTEN, keys);
    return writing ?? WRITTEN;
  }
  function writeAfter(before: Promise<boolean>, keys: readonly string[]): void {
    const both = before.then(async (written) => (await writeAll(keys)) && written);
    writing = both;
    void both.then(() => {
      if (writing === both) writing = null;
    });
  }
  async function writeAll(keys: readonly string[]): Promise<boolean> {
    for (let from = 0; from < keys.length; from += itemsMax) {
      const items = take(keys.slice(from, from + itemsMax));
      try {
        if (items.length > 0) await write(items);
      } catch (fault) {
        onFault(fault, [...items, ...take(keys)]);
        return false;
      }
    }
    return true;
  }
  function take(keys: readonly string[]): Item[] {
    const items: Item[] = [];
    for (const key of keys) {
      const item = gathered.get(key);
      if (item !== undefined) items.push(item);
      gathered.delete(key);
    }
    return items;
  }
  return {
    add(key, item) {
      gathered.set(key, item);
      if (gathered.size === itemsMax) void flush();
      else timer ??= clock.setTimer(gatherMs, () => void flush());
    },
    drop: (key) => void gathered.delete(key),
    flushed: flush,
  };
}
