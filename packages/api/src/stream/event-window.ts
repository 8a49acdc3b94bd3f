import type { TicklineEvent } from "@tickline/shared/events/event";

/**
 * The latest events in the order of arrival, as references: keeping one costs a write into an array, and it is rendered only for a replay.
 * A position is the number of events before.
 */
export interface EventWindow {
  push(event: TicklineEvent): void;
  /** The position after the event of this id, for a repeated event after its last occurrence; null: it is not kept. */
  positionBehind(eventId: string): number | null;
  /** Null: it is no longer kept, or has not arrived yet. */
  at(position: number): TicklineEvent | null;
  /** The position of the next event. */
  readonly end: number;
  /** The id of the latest event; null: there is none yet. */
  latestId(): string | null;
}

export function createEventWindow(sizeMax: number): EventWindow {
  const kept: TicklineEvent[] = [];
  let pushed = 0;

  function at(position: number): TicklineEvent | null {
    return position >= pushed || position < pushed - sizeMax ? null : (kept[position % sizeMax] ?? null);
  }
  return {
    push(event) {
      kept[pushed % sizeMax] = event;
      pushed += 1;
    },
    positionBehind(eventId) {
      // A search of all kept events takes microseconds. An index of ids would take 1.5 us for each event, 3% of a plain run.
      for (let position = pushed - 1; position >= 0; position -= 1) {
        const event = at(position);
        if (event === null) break;
        if (event.id === eventId) return position + 1;
      }
      return null;
    },
    at,
    get end() {
      return pushed;
    },
    latestId: () => at(pushed - 1)?.id ?? null,
  };
}
