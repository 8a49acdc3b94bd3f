import type { RefusedEvent, SubscribeRequest } from "../../ports/bus.ts";
import type { Logger } from "../../runtime/logger.ts";

/** An event that a consumer of a shared group refused. */
export interface DeadEvent extends RefusedEvent {
  /** The topics of its consumer. */
  readonly topic: string;
  readonly group: string;
}

/** The latest events that were refused: what a server keeps in a topic of dead letters. */
export interface DeadEvents {
  add(request: SubscribeRequest, refused: readonly RefusedEvent[]): void;
  readonly kept: readonly DeadEvent[];
}

/** Most events kept; the oldest are forgotten first. */
const DEAD_EVENTS_MAX = 1_000;

export function createDeadEvents(log: Logger): DeadEvents {
  let kept: readonly DeadEvent[] = [];
  return {
    add({ topics, group, from }, refused) {
      const topic = topics.join(" ");
      // A group that reads from the end has one member: every such group would keep the same.
      if (from === "beginning") kept = [...kept, ...refused.map((each) => ({ ...each, topic, group }))].slice(-DEAD_EVENTS_MAX);
      const [first] = refused;
      log.error({ topic, group, events: refused.length, type: first?.event.type, reason: first?.reason }, "events were refused");
    },
    get kept() {
      return kept;
    },
  };
}
