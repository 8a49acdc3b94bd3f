import type { Registry } from "prom-client";
import { AppError } from "../../domain/app-error.ts";
import type { Instant } from "../../domain/time/instant.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";
import { createLifecycle } from "../service/lifecycle.ts";
import type { Logger } from "../log/logger.ts";
import { createLoop } from "../service/loop.ts";
import type { Service } from "../service/service.ts";
import { observeStoreClock } from "./store-clock-metrics.ts";
import { findDoubt, measure, newStoreClockState, findSetBack, UNREAD, type SetBack } from "./store-clock-state.ts";
import { createStoreTime } from "./store-time.ts";

export const STORE_CLOCK_DEFAULTS = {
  /** How often the offset to the store's clock is measured. Milliseconds. */
  storeTimeMs: 10_000,
  /** How often our own clock is checked: if it was set, or the machine slept, the store's is measured at once. Milliseconds. */
  clockLookMs: 500,
};
export type StoreClockLimits = Readonly<typeof STORE_CLOCK_DEFAULTS>;

/**
 * A clock whose `now` is the store's time, measured at intervals while it is started. All decisions by a time, and all times
 * written into the store, use it; `monotonicMs` and timers are this machine's.
 */
export interface StoreClock extends Clock, Service {
  /** The time for decisions. Throws `clock_unsteady` (retryable) while there is a doubt. */
  decide(): Instant;
  /** Why no decisions may be made by this clock at present, in a sentence; null: they may. */
  doubt(): string | null;
  /** True while the last two measurements agree: `doubt` without the doubts that end by themselves within `clockLookMs`. */
  steady(): boolean;
  /** Time without a jump, in milliseconds; 0 while it is not steady. */
  steadyForMs(): number;
  /** Null: the time is not earlier than the latest time used for decisions. */
  setBack(): SetBack | null;
  /** The latest time used for decisions before this process started; 0: none was recorded; null: not read yet. */
  decidedBefore(): Instant | null;
  /** Calls back whenever a doubt begins or ends. Returns the function that stops that. */
  watch(listener: () => void): () => void;
}

export interface StoreClockDeps {
  readonly clock: Clock;
  readonly ping: Store["ping"];
  readonly decided: Store["decided"];
  readonly log: Logger;
  /** Receives its metrics. Default: none. */
  readonly metrics?: Registry;
}

/** While measurements fail, the longest wait before the next one, in milliseconds. */
const FAULT_MS_MAX = 1_000;

export function createStoreClock(deps: StoreClockDeps, limits: StoreClockLimits = STORE_CLOCK_DEFAULTS): StoreClock {
  const { clock, ping, log, metrics } = deps;
  const time = createStoreTime(clock, ping);
  const state = newStoreClockState(time);
  const listeners = new Set<() => void>();
  let said: string | null = UNREAD;

  /** Logs and notifies the changes since the last call. */
  function tell(): void {
    const doubt = findDoubt(state);
    if (doubt === said) return;
    if (doubt === null && said !== UNREAD) log.warn({ offsetMs: time.now() - clock.now() }, "the store's clock is steady again");
    else if (doubt !== null) log.warn({ jumpMs: time.jump()?.byMs }, `nothing is decided by time for now: ${doubt}`);
    said = doubt;
    for (const listener of listeners) listener();
  }
  async function look(): Promise<number> {
    try {
      if (time.doubtful() || state.latest === null || clock.monotonicMs() - state.measuredAtMs >= limits.storeTimeMs) {
        await measure(deps, state);
      }
    } finally {
      tell();
    }
    return Math.min(limits.clockLookMs, limits.storeTimeMs);
  }
  const loop = createLoop({ name: "store-clock", clock, log, runOnce: look, faultMsMax: FAULT_MS_MAX });
  const lifecycle = createLifecycle({
    async start() {
      await measure(deps, state).catch((fault: unknown) => log.warn({ err: fault }, "the store's clock could not be read yet"));
      await loop.start();
    },
    stop: loop.stop,
  });
  const storeClock: StoreClock = {
    ...lifecycle,
    now: time.now,
    monotonicMs: () => clock.monotonicMs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    steady: time.steady,
    doubt: () => findDoubt(state),
    decide() {
      const doubt = findDoubt(state);
      if (doubt !== null) throw new AppError("clock_unsteady", doubt, { retryable: true });
      return time.now();
    },
    steadyForMs: () => Math.max(0, clock.monotonicMs() - state.steadyAtMs),
    setBack: () => findSetBack(state),
    decidedBefore: () => state.before,
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  if (metrics !== undefined) observeStoreClock(metrics, { ...storeClock, offsetMs: () => time.now() - clock.now() });
  return storeClock;
}
