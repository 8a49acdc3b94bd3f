import type { Instant } from "@tickline/shared/domain/instant";
import type { Clock } from "@tickline/shared/ports/clock";
import type { Store } from "@tickline/shared/ports/store";

/** A store clock that moved further than this against ours within one measurement is jumping: nobody leads meanwhile. */
export const CLOCK_JUMP_MS_MAX = 1_000;

/** The store's time, by the offset last measured. Fires and wakes go by it, so that all schedulers agree. */
export interface StoreTime {
  now(): Instant;
  /** True while the last two measurements agree. */
  steady(): boolean;
  /** Asks the store once. Rejects when it does not answer; the old offset stays. */
  measure(): Promise<void>;
}

export function createStoreTime(clock: Clock, hello: Store["hello"]): StoreTime {
  let offsetMs: number | null = null;
  let steady = false;

  /** False: our own clock was set, or the machine slept, while the answer was on its way. That says nothing of the store's. */
  async function measureOnce(): Promise<boolean> {
    const sentAt = clock.now();
    const sentMs = clock.monotonicMs();
    const { now } = await hello();
    const tripMs = clock.monotonicMs() - sentMs;
    if (Math.abs(clock.now() - sentAt - tripMs) > CLOCK_JUMP_MS_MAX) return false;
    const measuredMs = now - (sentAt + tripMs / 2);
    // Within the trip's own uncertainty the clocks are the same: no offset, no drift from measuring noise.
    const nextMs = Math.abs(measuredMs) <= Math.max(tripMs, 2) ? 0 : measuredMs;
    steady = offsetMs === null || Math.abs(nextMs - offsetMs) <= CLOCK_JUMP_MS_MAX;
    offsetMs = nextMs;
    return true;
  }
  return {
    // Whole milliseconds, rounded down: never early.
    now: () => Math.floor(clock.now() + (offsetMs ?? 0)),
    steady: () => steady,
    async measure() {
      if (!(await measureOnce()) && !(await measureOnce())) steady = false;
    },
  };
}
