import type { Bus, SubscribeRequest, Subscription } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import { createLoop } from "./loop.ts";
import type { Logger } from "../log/logger.ts";
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

interface State {
  /** Rises with each stop: what was opened for an earlier one is not wanted any more. */
  session: number;
  running: boolean;
  paused: boolean;
  subscription: Subscription | null;
  /** What the first try of this session came to. */
  first: PromiseWithResolvers<void>;
}

export function createLastingSubscription(options: LastingSubscriptionOptions): LastingSubscription {
  const { clock, log } = options;
  const state: State = { session: 0, running: false, paused: false, subscription: null, first: Promise.withResolvers() };
  const loop = createLoop({ name: "subscribe", clock, log, runOnce: () => open(options, state) });

  async function stop(): Promise<void> {
    state.running = false;
    state.session += 1;
    void loop.stop();
    const { subscription } = state;
    state.subscription = null;
    await subscription?.stop();
  }
  async function start(): Promise<void> {
    if (state.running) return;
    state.running = true;
    state.first = Promise.withResolvers();
    const opened = openedInTime(state.first.promise, options);
    await loop.start();
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
      state.paused = true;
      state.subscription?.pause();
    },
    resume() {
      state.paused = false;
      state.subscription?.resume();
    },
  };
}

/** One try. Returns null when it stands; 0: it was stopped meanwhile, and is to be opened anew if it was started again. */
async function open({ bus, request }: LastingSubscriptionOptions, state: State): Promise<0 | null> {
  const own = state.session;
  try {
    const opened = await bus.subscribe(request());
    if (own !== state.session) {
      await opened.stop();
      return 0;
    }
    state.subscription = opened;
    if (state.paused) opened.pause();
    state.first.resolve();
    return null;
  } catch (fault) {
    if (own !== state.session) return 0;
    state.first.reject(fault);
    throw fault;
  }
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
