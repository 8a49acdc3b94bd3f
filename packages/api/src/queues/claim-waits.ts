import { dueTopic } from "@tickline/shared/events/topics";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Bus } from "@tickline/shared/ports/bus";
import type { Clock, Entropy } from "@tickline/shared/ports/clock";
import type { Logger } from "@tickline/shared/runtime/log/logger";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service/service";
import type { ApiConfig } from "../api-config.ts";

export interface WaitRequest {
  readonly queue: string;
  /** Null: runs of any handler. */
  readonly handlers: readonly string[] | null;
  /** The client, as `clientAddress` names it. */
  readonly client: string;
}

/** The place of one claim among those that wait. */
export interface ClaimPlace {
  /** The claim looks into the store now: what it was woken for is its own. */
  looking(): void;
  /** Resolves when a run may have become claimable, after `ms`, or when the wait is over. */
  woken(ms: number): Promise<void>;
  /** Ends the wait: its client has gone. */
  end(): void;
  /** True: the wait is over, and the claim is answered with what it has. */
  readonly ended: boolean;
  /** What it was woken for and has not looked at wakes another claim. */
  leave(): void;
}

/** Claims that wait for a run, and the messages that wake them: one claim for each run, the one that has waited longest. */
export interface ClaimWaits extends Service {
  /** A sentence: too many claims wait. */
  enter(request: WaitRequest): ClaimPlace | string;
  /** Ends all waits, and those to come until the next start. */
  close(): void;
  readonly waiting: number;
}

export interface ClaimWaitsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly entropy: Entropy;
  readonly config: Pick<ApiConfig, "externalQueues" | "claimsWaitingMax" | "claimsWaitingPerAddressMax">;
}

interface Waiter extends WaitRequest {
  /** The handler of the run for which it was woken; null: it was not. */
  wokenFor: string | null;
  ended: boolean;
  wake: () => void;
}

export function createClaimWaits({ bus, clock, log, entropy, config }: ClaimWaitsOptions): ClaimWaits {
  const places = createPlaces(clock, config);
  function onBatch(events: readonly TicklineEvent[]): void {
    if (places.waiting > 0) for (const event of events) if (event.type === "JobDue") places.signal(event.data.queue, event.data.handler);
  }
  const subscription = createLastingSubscription({
    bus,
    clock,
    log,
    // Each api has a group of its own: a message wakes claims of all of them, and the store decides which one gets the run.
    request: () => ({ topics: config.externalQueues.map(dueTopic), group: `api-claims-${entropy.newId()}`, from: "end", onBatch }),
  });
  return {
    async start() {
      places.open();
      if (config.externalQueues.length > 0) await subscription.start();
    },
    stop: subscription.stop,
    enter: places.enter,
    close: places.close,
    get waiting() {
      return places.waiting;
    },
  };
}

interface Places extends Pick<ClaimWaits, "enter" | "close" | "waiting"> {
  open(): void;
  /** Wakes the claim that has waited longest for a run of this queue and handler. */
  signal(queue: string, handler: string): void;
}

function createPlaces(clock: Clock, { claimsWaitingMax, claimsWaitingPerAddressMax }: ClaimWaitsOptions["config"]): Places {
  const waiters = new Set<Waiter>(); // A set keeps the order of insertion.
  let closed = false;

  function signal(queue: string, handler: string): void {
    for (const waiter of waiters) {
      if (waiter.queue !== queue || waiter.wokenFor !== null || waiter.ended || waiter.handlers?.includes(handler) === false) continue;
      waiter.wokenFor = handler;
      return waiter.wake();
    }
  }
  function full(client: string): string | null {
    if (waiters.size >= claimsWaitingMax) return `${claimsWaitingMax} claims wait for runs`;
    if ([...waiters].filter((waiter) => waiter.client === client).length < claimsWaitingPerAddressMax) return null;
    return `${claimsWaitingPerAddressMax} claims of this address wait for runs`;
  }
  function toPlace(waiter: Waiter): ClaimPlace {
    return {
      looking: () => void (waiter.wokenFor = null),
      woken: (ms) => wokenWithin(clock, waiter, ms),
      end: () => end(waiter),
      get ended() {
        return waiter.ended;
      },
      leave() {
        if (waiters.delete(waiter) && waiter.wokenFor !== null) signal(waiter.queue, waiter.wokenFor);
      },
    };
  }
  return {
    signal,
    enter(request) {
      const why = full(request.client);
      if (why !== null) return why;
      const waiter: Waiter = { ...request, wokenFor: null, ended: closed, wake: () => {} };
      waiters.add(waiter);
      return toPlace(waiter);
    },
    open: () => void (closed = false),
    close() {
      closed = true;
      for (const waiter of waiters) end(waiter);
    },
    get waiting() {
      return waiters.size;
    },
  };
}

function end(waiter: Waiter): void {
  waiter.ended = true;
  waiter.wake();
}

async function wokenWithin(clock: Clock, waiter: Waiter, ms: number): Promise<void> {
  if (waiter.wokenFor !== null || waiter.ended) return;
  const woken = Promise.withResolvers<void>();
  waiter.wake = woken.resolve;
  const timer = clock.setTimer(ms, woken.resolve);
  await woken.promise;
  timer.cancel();
}
