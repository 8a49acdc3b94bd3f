import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Bus, Subscription } from "@tickline/shared/ports/bus";
import type { Entropy } from "@tickline/shared/ports/clock";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import type { Service } from "@tickline/shared/runtime/service";
import { showIfShowable } from "./event-view.ts";
import { createEventWindow, type EventWindow } from "./event-window.ts";

/** One stream: which events it wants, and where they go. */
export interface Listener {
  accepts(event: TicklineEvent): boolean;
  /** `textOf` renders an event once, for all listeners that want it. */
  deliver(events: readonly TicklineEvent[], textOf: (event: TicklineEvent) => string): void;
  /** The service stops. */
  close(): void;
}

/** Hears all public events once for each process, and hands them to whoever listens. */
export interface EventHub extends Service {
  readonly window: Pick<EventWindow, "after" | "latestId">;
  readonly listeners: number;
  /** Returns what ends it. */
  listen(listener: Listener): () => void;
  closeListeners(): void;
}

export interface EventHubOptions {
  readonly bus: Bus;
  readonly entropy: Entropy;
  readonly queues: readonly string[];
  readonly eventsKept: number;
}

export function createEventHub({ bus, entropy, queues, eventsKept }: EventHubOptions): EventHub {
  const window = createEventWindow(eventsKept);
  const listeners = new Set<Listener>();
  let subscription: Subscription | null = null;

  function onBatch(events: readonly TicklineEvent[]): void {
    for (const event of events) window.push(event);
    if (listeners.size === 0) return;
    const textOf = onceEach(showIfShowable);
    for (const listener of listeners) {
      // One that cannot be shown keeps no other from being told, to nobody.
      const wanted = events.filter((event) => listener.accepts(event) && textOf(event) !== null);
      if (wanted.length > 0) listener.deliver(wanted, (event) => textOf(event) ?? "");
    }
  }
  const lifecycle = createLifecycle({
    async start() {
      const topics = [JOBS_TOPIC, RUNS_TOPIC, ...queues.map(dueTopic)];
      // Each instance hears everything, so the group is its own.
      subscription = await bus.subscribe({ topics, group: `api-events-${entropy.newId()}`, from: "end", onBatch });
    },
    async stop() {
      await subscription?.stop();
      subscription = null;
    },
  });
  return {
    ...lifecycle,
    window,
    get listeners() {
      return listeners.size;
    },
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
