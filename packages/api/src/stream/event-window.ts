import type { TicklineEvent } from "@tickline/shared/events/event";

/** The latest events, as references: keeping one costs a write into an array, and it is rendered only if somebody asks. */
export interface EventWindow {
  push(event: TicklineEvent): void;
  /** What came behind the event of this id, oldest first; null: it is not, or no longer, kept. */
  after(eventId: string): readonly TicklineEvent[] | null;
  /** The id of the latest event; null: there was none yet. */
  latestId(): string | null;
}

export function createEventWindow(sizeMax: number): EventWindow {
  const kept: TicklineEvent[] = [];
  let pushed = 0;
  const at = (index: number): TicklineEvent | undefined => kept[index % sizeMax];

  return {
    push(event) {
      kept[pushed % sizeMax] = event;
      pushed += 1;
    },
    after(eventId) {
      const oldest = Math.max(0, pushed - sizeMax);
      const found: TicklineEvent[] = [];
      // From the latest back, so that of an event that was repeated the last coming counts.
      for (let index = pushed - 1; index >= oldest; index -= 1) {
        const event = at(index);
        if (event === undefined || event.id === eventId) return event === undefined ? null : found.toReversed();
        found.push(event);
      }
      return null;
    },
    latestId: () => at(pushed - 1)?.id ?? null,
  };
}
