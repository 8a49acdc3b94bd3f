import { AppError } from "../../domain/app-error.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { Bus, SubscribeRequest, Subscription } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import { silentLogger, type Logger } from "../../runtime/logger.ts";
import { arrivalsOf, type BusFaults } from "./bus-faults.ts";
import type { Group } from "./bus-group.ts";
import { createMember } from "./bus-member.ts";
import { createBusTopics } from "./bus-topics.ts";
import { createDeadEvents, type DeadEvent } from "./dead-events.ts";

export interface MemoryBusOptions {
  /** For the waits before a redelivery, and for delays on purpose. */
  readonly clock: Clock;
  /** Nobody but these services has it: see `Bus.trusted`. Default false. */
  readonly trusted?: boolean;
  /** Told of events that consumers refuse. Default: nobody. */
  readonly log?: Logger;
  /** Without them nothing is lost but by overflow, nothing is repeated but what was rejected, and order is kept. */
  readonly faults?: BusFaults;
  /** Most events in one batch. Default 1,000. */
  readonly batchEventsMax?: number;
  /** Most events that wait in one group for one topic; beyond it the oldest are forgotten and counted. Default 200,000. */
  readonly groupEventsMax?: number;
  /** Times a rejected batch is delivered again before it is given up. Default 5. */
  readonly redeliveriesMax?: number;
  /** Wait before the first redelivery, in milliseconds; it doubles with each. Default 50. */
  readonly redeliverMs?: number;
}

export interface MemoryBus extends Bus {
  /** Events forgotten so far: because a group had no more room, or because its members rejected them too often. */
  readonly dropped: number;
  /** Events that wait, in all groups. */
  readonly waiting: number;
  /** The latest events that consumers of shared groups refused, at most 1,000. */
  readonly deadEvents: readonly DeadEvent[];
}

const closedFault = (deed: string): AppError => new AppError("bus_unavailable", `${deed}: the bus is closed`, { retryable: true });

/**
 * A bus inside one process. Events are handed on by reference: publishers and consumers never change one. Delivery is in
 * a later turn of the event loop, so that what is published in one turn makes one batch. A group exists as long as it
 * has members, and nothing is kept for those to come: `from: "beginning"` is `from: "end"`, which the port allows, so
 * services subscribe before they publish.
 */
export function createMemoryBus(options: MemoryBusOptions): MemoryBus {
  const { clock, log = silentLogger, redeliveriesMax = 5, redeliverMs = 50 } = options;
  const { batchEventsMax = 1_000, groupEventsMax = 200_000 } = options;
  const countDropped = (count: number): void => void (dropped += count);
  const bus = createBusTopics({ batchEventsMax, groupEventsMax, onDropped: countDropped });
  const dead = createDeadEvents(log);
  const stops = new Set<() => Promise<void>>();
  let closed = false;
  let dropped = 0;

  function subscribe(request: SubscribeRequest): Subscription {
    const { topics, group: groupName, onBatch } = request;
    let groups: readonly Group[] = [];
    const member = createMember({
      clock,
      limits: { redeliveriesMax, redeliverMs },
      onBatch,
      onRefused: (refused) => dead.add(request, refused),
      onFree() {
        // Another topic first each time: a busy one does not starve the rest.
        groups = [...groups.slice(1), ...groups.slice(0, 1)];
        for (const group of groups) group.schedule();
      },
      onGivenUp: ({ events }) => countDropped(events.length),
    });
    groups = bus.join(topics, groupName, member);
    async function stop(): Promise<void> {
      stops.delete(stop);
      await member.stop();
      bus.leave(topics, groupName, member);
    }
    stops.add(stop);
    return { pause: () => member.pause(), resume: () => member.resume(), stop };
  }
  return {
    trusted: options.trusted === true,
    async publish(topic, events) {
      if (closed) throw closedFault(`publish to ${topic}`);
      for (const group of bus.groupsOf(topic)) arrive(group, events, options);
    },
    async subscribe(request) {
      if (closed) throw closedFault(`subscribe ${request.group}`);
      return subscribe(request);
    },
    async close() {
      closed = true;
      await Promise.all([...stops].map((stop) => stop()));
    },
    get dropped() {
      return dropped;
    },
    get waiting() {
      return bus.waiting;
    },
    get deadEvents() {
      return dead.kept;
    },
  };
}

/** Hands events to one group, with what is done to them on purpose. */
function arrive(group: Group, events: readonly TicklineEvent[], { clock, faults }: Pick<MemoryBusOptions, "clock" | "faults">): void {
  const { now, later, laterMs } = arrivalsOf(events, faults);
  group.push(now);
  if (faults?.reorder === true) group.shuffle(faults.random);
  if (later.length > 0) clock.setTimer(laterMs, () => group.push(later));
}
