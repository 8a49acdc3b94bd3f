import { inHalves } from "@tickline/shared/runtime/in-halves";
import { createRefusals } from "../refusals.ts";
import type { ShardContext } from "../shard-context.ts";

/** What the store wants said and the bus has not acknowledged, from its reading to its note. */
export interface UnsaidParts<Item> {
  readonly idOf: (item: Item) => string;
  /** The oldest ones, at most `limit`. */
  readonly read: (limit: number) => Promise<readonly Item[]>;
  /** Publishes them and notes it. */
  readonly say: (items: readonly Item[]) => Promise<void>;
}

/**
 * Says what is unsaid, a bounded batch a call, and returns how many that were. An event that cannot be published (its stored
 * parts are not what its schema says) keeps no other from being said: it is passed by, and tried again after a wait that doubles.
 */
export function createUnsaid<Item>(context: ShardContext, { idOf, read, say }: UnsaidParts<Item>): () => Promise<number> {
  const { config, log } = context;
  const refusals = createRefusals(context);

  return async () => {
    const known = await read(config.sweepMax + refusals.size);
    const items = known.filter((item) => !refusals.holds(idOf(item))).slice(0, config.sweepMax);
    const faulty = new Map((await inHalves(items, say)).map(({ item, fault }) => [idOf(item), fault]));
    for (const id of items.map(idOf)) {
      const fault = faulty.get(id);
      if (fault === undefined) refusals.release(id);
      else log.warn({ err: fault, event: id, ...refusals.refuse(id) }, "an event is set aside: it cannot be published, and is tried again");
    }
    return items.length - faulty.size;
  };
}
