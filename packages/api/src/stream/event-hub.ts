import type { TicklineEvent } from "@tickline/shared/events/event";
import { dueTopic, JOBS_TOPIC, RUNS_TOPIC } from "@tickline/shared/events/topics";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import { createLastingSubscription } from "@tickline/shared/runtime/lasting-subscription";
import { createLifecycle } from "@tickline/shared/runtime/lifecycle";
import type { Logger } from "@tickline/shared/runtime/logger";
import type { Service } from "@tickline/shared/runtime/service";
import { showIfShowable } from "./event-view.ts";
import { createEventWindow, type EventWindow } from "./event-window.ts";
import { createReplayRate, type ReplayRate, type ReplayRateLimits } from "./replay-rate.ts";

/** One stream: which events it wants, and where they go. */
export interface Listener {
  /** Whose it is, as `clientOf` says. */
  readonly client: string;
  accepts(event: TicklineEvent): boolean;
  /** `textOf` renders an event once, for all listeners that want it. */
  deliver(events: readonly TicklineEvent[], textOf: (event: TicklineEvent) => string): void;
  /** The service stops. */
  close(): void;
}

/** Hears all public events once for each process, and hands them to whoever listens. */
export interface EventHub extends Service {
  readonly window: Omit<EventWindow, "push">;
  readonly replayRate: ReplayRate;
  readonly listeners: number;
  listenersOf(client: string): number;
  /** Returns what ends it. */
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
    const textOnce = onceEach(showIfShowable);
    for (const listener of listeners) {
      // One that cannot be shown keeps no other from being told, to nobody.
      const wanted = events.filter((event) => listener.accepts(event) && textOnce(event) !== null);
      if (wanted.length > 0) listener.deliver(wanted, (event) => textOnce(event) ?? "");
    }
  }
  const topics = [JOBS_TOPIC, RUNS_TOPIC, ...queues.map(dueTopic)];
  // Each instance hears everything, so the group is its own.
  const request = () => ({ topics, group: `api-events-${entropy.newId()}`, from: "end", onBatch }) as const;
  const lifecycle = createLifecycle(createLastingSubscription({ bus, clock, log, request }));
  return {
    ...lifecycle,
    window,
    replayRate: createReplayRate(clock, limits),
    get listeners() {
      return listeners.size;
    },
    listenersOf: (client) => [...listeners].filter((listener) => listener.client === client).length,
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
