import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Bus, SubscribeRequest } from "@tickline/shared/ports/bus";

export interface BusCounts {
  /** `JobDue` messages handed to the bus, those sent again included. */
  readonly published: number;
  /** Of these, never brought to an executor so far, and brought more than once. */
  readonly lost: number;
  readonly repeated: number;
}

/** The consumers among whom executors share what is due. */
const EXECUTORS = /^executor-/;

/** What became of the messages that start runs: tests check that a bus that is set to be hostile is hostile. */
export function countingBus(bus: Bus): Bus & { counts(): BusCounts } {
  /** How often each message was brought. The bus hands on what it is given, so a message is an object of its own. */
  const brought = new Map<TicklineEvent, number>();

  function watch(request: SubscribeRequest): SubscribeRequest {
    if (!EXECUTORS.test(request.group)) return request;
    return {
      ...request,
      onBatch(events) {
        for (const event of events) brought.set(event, (brought.get(event) ?? 0) + 1);
        return request.onBatch(events);
      },
    };
  }
  function publish(topic: string, events: readonly TicklineEvent[]): Promise<void> {
    const messages = events.map((event) => ({ ...event }));
    for (const message of messages) if (message.type === "JobDue") brought.set(message, 0);
    return bus.publish(topic, messages);
  }
  return {
    ...bus,
    publish,
    subscribe: (request) => bus.subscribe(watch(request)),
    counts() {
      const times = [...brought.values()];
      const count = (fits: (times: number) => boolean): number => times.filter(fits).length;
      return { published: times.length, lost: count((often) => often === 0), repeated: count((often) => often > 1) };
    },
  };
}
