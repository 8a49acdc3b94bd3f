import type { RefusedEvent } from "../../ports/bus.ts";

/** An event that a consumer of a shared group refused. */
export interface DeadEvent extends RefusedEvent {
  readonly topic: string;
  readonly group: string;
}

/** The latest events that were refused: what a server keeps in a topic of dead letters. */
export interface DeadEvents {
  add(events: readonly DeadEvent[]): void;
  readonly kept: readonly DeadEvent[];
}

/** Most events kept; the oldest are forgotten first. */
const DEAD_EVENTS_MAX = 1_000;

export function createDeadEvents(eventsMax = DEAD_EVENTS_MAX): DeadEvents {
  let kept: readonly DeadEvent[] = [];
  return {
    add(events) {
      kept = [...kept, ...events].slice(-eventsMax);
    },
    get kept() {
      return kept;
    },
  };
}
