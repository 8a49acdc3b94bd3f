import { AppError } from "../../domain/app-error.ts";
import type { TicklineEvent } from "../../events/event.ts";
import type { Bus, RefusedEvent, SubscribeRequest } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import { silentLogger, type Logger } from "../../runtime/log/logger.ts";
import { decideArrivals, type BusFaults } from "./bus-faults.ts";
import { createGroups, type Group } from "./bus-group.ts";
import { createMember } from "./bus-member.ts";

export interface MemoryBusOptions {
  /** For the waits before a redelivery, and for delays on purpose. */
  readonly clock: Clock;
  /** Only these services have it: see `Bus.trusted`. Default false. */
  readonly trusted?: boolean;
  /** Gets events that consumers refuse. Default: they are not logged. */
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

/** An event that a consumer of a shared group refused. */
interface DeadEvent extends RefusedEvent {
  /** The topics of its consumer. */
  readonly topic: string;
  readonly group: string;
}

/** Most dead events kept; the oldest are forgotten first. */
const DEAD_EVENTS_MAX = 1_000;

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
  const { clock, log = silentLogger, redeliveriesMax = 5, redeliverMs = 50, batchEventsMax = 1_000, groupEventsMax = 200_000 } = options;
  const onDropped = (count: number): void => void (dropped += count);
  const groups = createGroups({ batchEventsMax, groupEventsMax, onDropped });
  const stops = new Set<() => Promise<void>>();
  let deadEvents: readonly DeadEvent[] = [];
  let closed = false;
  let dropped = 0;
  return {
    trusted: options.trusted === true,
    async publish(topic, events) {
      if (closed) throw closedFault(`publish to ${topic}`);
      for (const group of groups.list(topic)) arrive(group, events, options);
    },
    async subscribe(request) {
      if (closed) throw closedFault(`subscribe ${request.group}`);
      const { topics, group: name, onBatch } = request;
      let shared = topics.map((topic) => groups.open(topic, name));
      const member = createMember({
        clock,
        limits: { redeliveriesMax, redeliverMs },
        onBatch,
        onRefused(refused) {
          deadEvents = addDead(deadEvents, request, refused);
          logRefused(log, request, refused);
        },
        onFree() {
          // Another topic first each time: a busy one does not starve the rest.
          shared = [...shared.slice(1), ...shared.slice(0, 1)];
          for (const group of shared) group.schedule();
        },
        onGivenUp: ({ events }) => onDropped(events.length),
      });
      for (const group of shared) group.join(member);
      async function stop(): Promise<void> {
        stops.delete(stop);
        await member.stop();
        for (const topic of topics) groups.leave(topic, name, member);
      }
      stops.add(stop);
      return { pause: () => member.pause(), resume: () => member.resume(), stop };
    },
    async close() {
      closed = true;
      await Promise.all([...stops].map((stop) => stop()));
    },
    get dropped() {
      return dropped;
    },
    get waiting() {
      return groups.countWaiting();
    },
    get deadEvents() {
      return deadEvents;
    },
  };
}

/** A group that reads from the end has one member: every such group would keep the same events. */
function addDead(kept: readonly DeadEvent[], { topics, group, from }: SubscribeRequest, refused: readonly RefusedEvent[]) {
  const dead = refused.map((each) => ({ ...each, topic: topics.join(" "), group }));
  return from === "beginning" ? [...kept, ...dead].slice(-DEAD_EVENTS_MAX) : kept;
}

function logRefused(log: Logger, { topics, group }: SubscribeRequest, refused: readonly RefusedEvent[]): void {
  const [first] = refused;
  const example = { type: first?.event.type, reason: first?.reason };
  log.error({ topic: topics.join(" "), group, events: refused.length, ...example }, "events were refused");
}

/** Adds events to one group, with what is done to them on purpose. */
function arrive(group: Group, events: readonly TicklineEvent[], { clock, faults }: Pick<MemoryBusOptions, "clock" | "faults">): void {
  const { now, later, laterMs } = decideArrivals(events, faults);
  group.push(now);
  if (faults?.reorder === true) group.shuffle(faults.random);
  if (later.length > 0) clock.setTimer(laterMs, () => group.push(later));
}
