import type { TicklineEvent } from "@tickline/shared/events/event";

/**
 * The latest events in the order they came, as references: keeping one costs two writes, and it is rendered only if somebody
 * asks. A position is the count of events that came before.
 */
export interface EventWindow {
  push(event: TicklineEvent): void;
  /** Behind the event of this id, of a repeated one behind its last coming; null: it is not, or no longer, kept. */
  positionBehind(eventId: string): number | null;
  /** Null: it is no longer kept, or has not come yet. */
  at(position: number): TicklineEvent | null;
  /** The position of the next one to come. */
  readonly end: number;
  /** The id of the latest event; null: there was none yet. */
  latestId(): string | null;
}

export function createEventWindow(sizeMax: number): EventWindow {
  const kept: TicklineEvent[] = [];
  const positions = new Map<string, number>(); // By id, so that a client that comes back costs no search.
  let pushed = 0;

  function at(position: number): TicklineEvent | null {
    return position >= pushed || position < pushed - sizeMax ? null : (kept[position % sizeMax] ?? null);
  }
  return {
    push(event) {
      const oldest = at(pushed - sizeMax);
      if (oldest !== null && positions.get(oldest.id) === pushed - sizeMax) positions.delete(oldest.id);
      kept[pushed % sizeMax] = event;
      positions.set(event.id, pushed);
      pushed += 1;
    },
    positionBehind(eventId) {
      const position = positions.get(eventId);
      return position === undefined ? null : position + 1;
    },
    at,
    get end() {
      return pushed;
    },
    latestId: () => at(pushed - 1)?.id ?? null,
  };
}
