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

/** Taken events stay in the array until they are this many and half of it, so that taking costs no move of the rest. */
const TAKEN_MIN = 1_024;

export function createEventQueue(eventsMax: number): EventQueue {
  let events: TicklineEvent[] = [];
  let head = 0;

  function forgetOverflow(): number {
    const excess = Math.max(0, events.length - head - eventsMax);
    drop(excess);
    return excess;
  }
  function drop(count: number): void {
    head += count;
    if (head < TAKEN_MIN && head < events.length) return;
    if (head * 2 < events.length) return;
    events = events.slice(head);
    head = 0;
  }
  return {
    get size() {
      return events.length - head;
    },
    push(added) {
      for (const event of added) events.push(event);
      return forgetOverflow();
    },
    putBack(returned) {
      events = [...returned, ...events.slice(head)];
      head = 0;
      return forgetOverflow();
    },
    take(count) {
      const taken = events.slice(head, head + count);
      drop(taken.length);
      return taken;
    },
    shuffle(random) {
      events = shuffled(events.slice(head), random);
      head = 0;
    },
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
