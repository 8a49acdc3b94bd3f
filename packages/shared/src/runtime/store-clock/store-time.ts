import { AppError } from "../../domain/app-error.ts";
import type { Instant } from "../../domain/time/instant.ts";
import { CLOCK_JUMP_MS_MAX, PING_MS_MAX } from "../../domain/time/time-limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";

/** The store's time: the last measurement, advanced by our monotonic clock. All services use it for decisions, so that they agree. */
export interface StoreTime {
  now(): Instant;
  /** True while the last two measurements agree. While the store's clock jumps no process leads. */
  steady(): boolean;
  /** True when our wall clock and our monotonic clock differ in their advance: the clock was set, or the machine slept. A reason to measure. */
  doubtful(): boolean;
  /** The latest jump; null: none was seen. */
  jump(): ClockJump | null;
  /** Pings the store once. Rejects when there is no answer, or it is too slow to measure the time; the last measurement is kept. */
  measure(): Promise<void>;
}

/** The store's time and our monotonic clock differ in their advance by more than `CLOCK_JUMP_MS_MAX`. */
export interface ClockJump {
  /** Milliseconds; negative: it was set back. */
  readonly byMs: number;
  /** When it was seen, by the monotonic clock. */
  readonly atMs: number;
}

/** One moment on three clocks. */
interface Measurement {
  readonly store: number;
  readonly wall: number;
  readonly monotonicMs: number;
}

export function createStoreTime(clock: Clock, ping: Store["ping"]): StoreTime {
  let last: Measurement | null = null;
  let steady = false;
  let jump: ClockJump | null = null;

  /** Null: our own clock was set, or the machine slept, during the ping. The measurement is then useless. */
  async function measureOnce(): Promise<Measurement | null> {
    const sentAt = clock.now();
    const sentMs = clock.monotonicMs();
    const { now } = await ping();
    const [wall, monotonicMs] = [clock.now(), clock.monotonicMs()];
    const tripMs = monotonicMs - sentMs;
    if (tripMs > PING_MS_MAX) throw tooSlow(tripMs);
    if (Math.abs(wall - sentAt - tripMs) > CLOCK_JUMP_MS_MAX) return null;
    const measured = now + tripMs / 2;
    // Within the trip's own uncertainty the clocks are the same: no offset, no drift from measuring noise.
    const store = Math.abs(measured - wall) <= Math.max(tripMs, 2) ? wall : measured;
    return { store, wall, monotonicMs };
  }
  /** One of our clocks agreeing is enough: the wall clock may be set, and the monotonic clock stops while a machine sleeps. */
  function agrees(before: Measurement, { store, wall, monotonicMs }: Measurement): boolean {
    const passedMs = store - before.store;
    const driftMs = Math.min(Math.abs(passedMs - (wall - before.wall)), Math.abs(passedMs - (monotonicMs - before.monotonicMs)));
    return driftMs <= CLOCK_JUMP_MS_MAX;
  }
  return {
    // Whole milliseconds, rounded down: never early.
    now: () => (last === null ? clock.now() : Math.floor(last.store + clock.monotonicMs() - last.monotonicMs)),
    steady: () => steady,
    doubtful() {
      if (last === null) return true;
      const passedMs = clock.now() - last.wall;
      return Math.abs(passedMs - (clock.monotonicMs() - last.monotonicMs)) > CLOCK_JUMP_MS_MAX;
    },
    jump: () => jump,
    async measure() {
      const measured = (await measureOnce()) ?? (await measureOnce());
      if (measured === null) {
        steady = false;
        return;
      }
      steady = last === null || agrees(last, measured);
      if (last !== null) jump = jumpBetween(last, measured) ?? jump;
      last = measured;
    },
  };
}

const tooSlow = (tripMs: number): AppError =>
  new AppError("store_unavailable", `the store took ${Math.round(tripMs)} ms to tell its time`, { retryable: true });

function jumpBetween(before: Measurement, { store, monotonicMs }: Measurement): ClockJump | null {
  const byMs = store - before.store - (monotonicMs - before.monotonicMs);
  return Math.abs(byMs) > CLOCK_JUMP_MS_MAX ? { byMs, atMs: monotonicMs } : null;
}
