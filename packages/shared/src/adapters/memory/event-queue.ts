import { createFifo } from "../../domain/fifo.ts";
import type { TicklineEvent } from "../../events/event.ts";

/** Events that wait for the members of one group, first in first out. Full, it forgets the oldest: their repair is nearest. */
export interface EventQueue {
  readonly size: number;
  /** Returns how many of the oldest were forgotten to make room. */
  push(events: readonly TicklineEvent[]): number;
  /** Puts back what was taken but not acknowledged, in front. */
  putBack(events: readonly TicklineEvent[]): number;
  take(count: number): TicklineEvent[];
  shuffle(random: () => number): void;
}

export function createEventQueue(eventsMax: number): EventQueue {
  const events = createFifo<TicklineEvent>();
  const forgetOverflow = (): number => events.take(Math.max(0, events.size - eventsMax)).length;
  return {
    get size() {
      return events.size;
    },
    push(added) {
      for (const event of added) events.add(event);
      return forgetOverflow();
    },
    putBack(returned) {
      events.putBack(returned);
      return forgetOverflow();
    },
    take: (count) => events.take(count),
    shuffle: (random) => events.putBack(shuffled(events.take(events.size), random)),
  };
}

/** Fisher and Yates. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const item = mixed[last] as Item;
    mixed[last] = mixed[other] as Item;
    mixed[other] = item;
  }
  return mixed;
}
