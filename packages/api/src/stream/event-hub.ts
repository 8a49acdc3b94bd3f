import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/service/lifecycle";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import type { Service } from "@tickline/shared/runtime/service/service";
import { showIfShowable } from "./event-view.ts";
import { createEventWindow, type EventWindow } from "./event-window.ts";
import { createReplayRate, type ReplayRate, type ReplayRateLimits } from "./replay-rate.ts";

/** One stream: which events it accepts, and where it sends them. */
export interface Listener {
  /** The client, as `clientAddress` names it. */
  readonly client: string;
  accepts(event: TicklineEvent): boolean;
  /** `render` renders an event once for all listeners. */
  deliver(events: readonly TicklineEvent[], render: (event: TicklineEvent) => string): void;
  /** The service stops. */
  close(): void;
}

/** Receives all public events, once for each process, and passes them to the listeners. */
export interface EventHub extends Service {
  readonly window: Omit<EventWindow, "push">;
  readonly replayRate: ReplayRate;
  readonly listeners: number;
  countListeners(client: string): number;
  /** Returns the function that ends it. */
  listen(listener: Listener): () => void;
  closeListeners(): void;
}

export interface EventHubOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly entropy: Entropy;
  readonly queues: readonly string[];
  readonly limits: ReplayRateLimits & { readonly streamEventsKept: number };
}

export function createEventHub({ bus, clock, log, entropy, queues, limits }: EventHubOptions): EventHub {
  const window = createEventWindow(limits.streamEventsKept);
  const listeners = new Set<Listener>();

  function onBatch(events: readonly TicklineEvent[]): void {
    for (const event of events) window.push(event);
    if (listeners.size === 0) return;
    const renderOnce = onceEach(showIfShowable);
    for (const listener of listeners) {
      // An event that cannot be shown is left out; the others are delivered.
      const wanted = events.filter((event) => listener.accepts(event) && renderOnce(event) !== null);
      if (wanted.length > 0) listener.deliver(wanted, (event) => renderOnce(event) ?? "");
    }
  }
  const topics = [JOBS_TOPIC, RUNS_TOPIC, ...queues.map(dueTopic)];
  // Each instance receives all events, so it has a group of its own.
  const request = () => ({ topics, group: `api-events-${entropy.newId()}`, from: "end", onBatch }) as const;
  const lifecycle = createLifecycle(createLastingSubscription({ bus, clock, log, request }));
  return {
    ...lifecycle,
    window,
    replayRate: createReplayRate(clock, limits),
    get listeners() {
      return listeners.size;
    },
    countListeners: (client) => [...listeners].filter((listener) => listener.client === client).length,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    closeListeners() {
      for (const listener of listeners) listener.close();
    },
  };
}

function onceEach(show: (event: TicklineEvent) => string | null): (event: TicklineEvent) => string | null {
  const texts = new Map<TicklineEvent, string | null>();
  return (event) => {
    let text = texts.get(event);
    if (text === undefined) texts.set(event, (text = show(event)));
    return text;
  };
}
