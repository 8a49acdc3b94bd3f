import { createFifo, type Fifo } from "../fifo.ts";

/** How urgent a run is within its queue: a whole number from 0 to this. The highest is published, and gets a worker, first. */
export const PRIORITY_MAX = 9;
/** The priority of jobs, runs and messages without one. */
export const PRIORITY_DEFAULT = 5;

export const isPriority = (value: unknown): value is number => Number.isInteger(value) && value === toPriority(value as number);

/** The nearest valid priority: a message may contain any number. */
const toPriority = (value: number): number => Math.min(PRIORITY_MAX, Math.max(0, value));

/** As it was stored; the default where that cannot be read. */
export const readStoredPriority = (value: number): number => (isPriority(value) ? value : PRIORITY_DEFAULT);

/** The same items, the most urgent first, and those of equal priority in their order. Usually all are equal, and nothing is sorted. */
export function mostUrgentFirst<Item>(items: Item[], priorityOf: (item: Item) => number): Item[] {
  const [first] = items;
  if (first === undefined || items.every((item) => priorityOf(item) === priorityOf(first))) return items;
  return items.toSorted((left, right) => priorityOf(right) - priorityOf(left));
}

/** Items that wait, by priority. */
export interface PriorityFifos<Item> {
  add(item: Item, priority: number): void;
  /** The items of each priority in the order in which they came, the highest priority first. */
  readonly levels: readonly Fifo<Item>[];
  /** Items of this priority and of higher ones. Default: all. */
  count(priorityMin?: number): number;
}

export function createPriorityFifos<Item>(): PriorityFifos<Item> {
  const levels = Array.from({ length: PRIORITY_MAX + 1 }, () => createFifo<Item>());
  return {
    add: (item, priority) => (levels[PRIORITY_MAX - toPriority(priority)] as Fifo<Item>).add(item),
    levels,
    count(priorityMin = 0) {
      let count = 0;
      for (let index = 0; index <= PRIORITY_MAX - priorityMin; index += 1) count += (levels[index] as Fifo<Item>).size;
      return count;
    },
  };
}

/** The place of a run in the order of publication of its queue: by priority, then by run id. The text sorts in that order. */
export const publicationPlace = ({ priority, runId }: { readonly priority: number; readonly runId: string }): string =>
  `${PRIORITY_MAX - priority}${runId}`;

/** Before that of any run. */
export const FIRST_PLACE = "0";

export const readPublicationPlace = (place: string): { readonly priority: number; readonly runId: string } => ({
  priority: PRIORITY_MAX - Number(place.slice(0, 1)),
  runId: place.slice(1),
});
