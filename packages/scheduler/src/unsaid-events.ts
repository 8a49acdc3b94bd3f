import { inHalves } from "@tickline/shared/runtime/in-halves";
import type { RangeContext } from "./scheduler-deps.ts";

/** What the store wants said and the bus has not acknowledged, from its reading to its note. */
export interface UnsaidParts<Item> {
  readonly idOf: (item: Item) => string;
  /** The oldest ones, at most `limit`. */
  readonly read: (limit: number) => Promise<readonly Item[]>;
  /** Publishes them and notes it. */
  readonly say: (items: readonly Item[]) => Promise<void>;
}

interface Refusal {
  readonly times: number;
  /** By the monotonic clock. */
  readonly tryAtMs: number;
}

/** Refused events kept in mind at most; beyond it the oldest are tried again at once. */
const REFUSED_MAX = 5_000;

/**
 * Says what is unsaid, a bounded batch a call, and returns how many that were. An event that cannot be published (its stored
 * parts are not what its schema says) keeps no other from being said: it is passed by, and tried again after a wait that doubles.
 */
export function createUnsaid<Item>({ config, clock, log }: RangeContext, { idOf, read, say }: UnsaidParts<Item>): () => Promise<number> {
  const refused = new Map<string, Refusal>();

  function refuse(id: string, fault: unknown): void {
    const times = (refused.get(id)?.times ?? 0) + 1;
    const waitMs = Math.min(config.setAsideMs * 2 ** (times - 1), config.setAsideMsMax);
    refused.delete(id);
    if (refused.size >= REFUSED_MAX) for (const oldest of refused.keys()) if (refused.delete(oldest)) break;
    refused.set(id, { times, tryAtMs: clock.monotonicMs() + waitMs });
    log.warn({ err: fault, event: id, times, waitMs }, "an event is set aside: it cannot be published, and is tried again");
  }
  return async () => {
    const known = await read(config.sweepMax + refused.size);
    const items = known.filter((item) => (refused.get(idOf(item))?.tryAtMs ?? 0) <= clock.monotonicMs()).slice(0, config.sweepMax);
    const faulty = new Map((await inHalves(items, say)).map(({ item, fault }) => [idOf(item), fault]));
    for (const item of items) {
      const fault = faulty.get(idOf(item));
      if (fault === undefined) refused.delete(idOf(item));
      else refuse(idOf(item), fault);
    }
    return items.length - faulty.size;
  };
}
