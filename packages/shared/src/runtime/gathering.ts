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
  /** Writes what was gathered; resolves when that is written, or known not to be. */
  flushed(): Promise<void>;
}

export function createGathering<Item>({ clock, gatherMs, itemsMax, write, onFault }: GatheringOptions<Item>): Gathering<Item> {
  const gathered = new Map<string, Item>();
  let timer: Timer | null = null;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    timer?.cancel();
    timer = null;
    if (gathered.size > 0) writing = writing.then(writeAll);
    return writing;
  }
  async function writeAll(): Promise<void> {
    while (gathered.size > 0) {
      const items = [...gathered].slice(0, itemsMax);
      for (const [key] of items) gathered.delete(key);
      const values = items.map(([, item]) => item);
      await write(values).catch((fault: unknown) => onFault(fault, values));
    }
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
