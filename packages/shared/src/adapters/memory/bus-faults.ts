import type { TicklineEvent } from "../../events/event.ts";

/** Faults that a bus may have, injected on purpose. Chances are in [0, 1] and count for each event and group apart. */
export interface BusFaults {
  /** Chance that an event never arrives. Default 0. */
  readonly lose?: number;
  /** Chance that an event arrives once more, later. Default 0. */
  readonly repeat?: number;
  /** Delays half of the events and shuffles waiting ones. Default false. */
  readonly reorder?: boolean;
  /** Longest delay of a repeated or reordered event, in milliseconds. Default 50. */
  readonly delayMsMax?: number;
  /** [0, 1): seeded, so that a run can be repeated. */
  readonly random: () => number;
}

/** What arrives of a publication: some of it now, and some after `laterMs`. */
export interface Arrivals {
  readonly now: readonly TicklineEvent[];
  readonly later: readonly TicklineEvent[];
  readonly laterMs: number;
}

const DELAY_MS_MAX = 50;

/** Decides the fate of each event of one publication, for one group. */
export function decideArrivals(events: readonly TicklineEvent[], faults: BusFaults | undefined): Arrivals {
  if (faults === undefined) return { now: events, later: [], laterMs: 0 };
  const { lose = 0, repeat = 0, reorder = false, delayMsMax = DELAY_MS_MAX, random } = faults;
  const now: TicklineEvent[] = [];
  const later: TicklineEvent[] = [];
  for (const event of events) {
    if (random() < lose) continue;
    (reorder && random() < 0.5 ? later : now).push(event);
    if (random() < repeat) later.push(event);
  }
  const laterMs = Math.floor(random() * delayMsMax);
  return reorder ? { now: shuffled(now, random), later: shuffled(later, random), laterMs } : { now, later, laterMs };
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
