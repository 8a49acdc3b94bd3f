import type { Bus, SubscribeRequest, Subscription } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { createLoop } from "./loop.ts";
import type { Logger } from "./logger.ts";
import type { Service } from "./service.ts";

/** A start waits so long for a topic to be read. Milliseconds. */
export const SUBSCRIBE_MS_MAX = 10_000;

export interface LastingSubscriptionOptions {
  readonly bus: Pick<Bus, "subscribe">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked at each try. */
  readonly request: () => SubscribeRequest;
}

/**
 * A subscription from one start to the stop that follows. `start` resolves when it is open, or after `SUBSCRIBE_MS_MAX`: a topic whose broker does
 * not answer must not keep from starting what does not need it. What is not open by then is tried until it is. Rejects where the bus
 * refuses it before. `stop` does not wait for one that is still being opened.
 */
export interface LastingSubscription extends Service {
  pause(): void;
  resume(): void;
}

export function createLastingSubscription({ bus, clock, log, request }: LastingSubscriptionOptions): LastingSubscription {
  let session = 0;
  let running = false;
  let paused = false;
  let subscription: Subscription | null = null;
  let first = Promise.withResolvers<void>();

  async function open(): Promise<0 | null> {
    const own = session;
    try {
      const opened = await bus.subscribe(request());
      if (own !== session) {
        await opened.stop();
        return 0; // To be opened anew, if it was started again meanwhile.
      }
      subscription = opened;
      if (paused) opened.pause();
      first.resolve();
    } catch (fault) {
      if (own !== session) return 0;
      first.reject(fault);
      throw fault;
    }
    return null; // It stands until the stop.
  }
  const { start: startLoop, stop: stopLoop } = createLoop({ name: "subscribe", clock, log, runOnce: open });

  async function stop(): Promise<void> {
    running = false;
    session += 1;
    void stopLoop();
    const stopped = subscription;
    subscription = null;
    await stopped?.stop();
  }
  async function start(): Promise<void> {
    if (running) return;
    running = true;
    first = Promise.withResolvers();
    const opened = openedInTime(first.promise, { clock, log, request });
    await startLoop();
    try {
      await opened;
    } catch (fault) {
      await stop();
      throw fault;
    }
  }
  return {
    start,
    stop,
    pause() {
      paused = true;
      subscription?.pause();
    },
    resume() {
      paused = false;
      subscription?.resume();
    },
  };
}

/** Resolves when it is open, or when that has taken too long for a start; it goes on then. */
async function openedInTime(
  opened: Promise<void>,
  { clock, log, request }: Pick<LastingSubscriptionOptions, "clock" | "log" | "request">,
): Promise<void> {
  const late = Promise.withResolvers<"late">();
  const timer = clock.setTimer(SUBSCRIBE_MS_MAX, () => late.resolve("late"));
  try {
    if ((await Promise.race([opened, late.promise])) !== "late") return;
    opened.catch(() => undefined); // The loop tells of it.
    const { topics, group } = request();
    log.warn({ topics, group }, "topics cannot be read yet; that is tried until they can");
  } finally {
    timer.cancel();
  }
}
