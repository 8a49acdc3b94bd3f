import type { Instant } from "../../domain/time/instant.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../domain/time/time-limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store/store.ts";
import type { Logger } from "../log/logger.ts";
import type { ClockJump, StoreTime } from "./store-time.ts";

/** The store's time is earlier than a time used for decisions: its clock was ahead and was corrected, or is behind now. */
export interface SetBack {
  /** The latest time used for a decision. */
  readonly latest: Instant;
  /** Rises each time a set-back of the clock is seen. */
  readonly count: number;
  /** True: this process saw the clock go ahead before, past what is now. False: unknown which of the two it is. */
  readonly wasAhead: boolean;
}

/** The time used for decisions is recorded at this interval, in milliseconds. A process that starts later sees set-backs longer than this. */
const NOTE_EVERY_MS = 30_000;
/** Most jumps ahead that are kept. */
const LEAPS_MAX = 8;

/** The state of the store's clock, apart from the time. */
export interface StoreClockState {
  readonly time: StoreTime;
  measuredAtMs: number;
  /** Since when it has been steady, by the monotonic clock; Infinity: it is not. */
  steadyAtMs: number;
  /** The latest known time used for decisions; null: not read from the store yet. */
  latest: Instant | null;
  /** Its value before the first decision of this process. */
  before: Instant | null;
  /** Its value in the store. */
  noted: Instant;
  setBacks: number;
  /** The latest jump that was seen here. */
  jump: ClockJump | null;
  /** The latest jumps ahead: from where to where. */
  leaps: readonly { readonly from: Instant; readonly to: Instant }[];
}

export const newStoreClockState = (time: StoreTime): StoreClockState => ({
  time,
  measuredAtMs: Number.NEGATIVE_INFINITY,
  steadyAtMs: Number.POSITIVE_INFINITY,
  latest: null,
  before: null,
  noted: 0,
  setBacks: 0,
  jump: null,
  leaps: [],
});

export const UNREAD = "the store's clock has not been read yet";

/** Why no decisions may be made by the time at present; null: they may. */
export function findDoubt({ time, latest }: StoreClockState): string | null {
  if (latest === null) return UNREAD;
  if (!time.steady()) return "the store's clock jumped, and has to agree with itself once before it is trusted again";
  return time.doubtful() ? "the clock of this machine was set, or the machine slept, and the store's has to be read again" : null;
}

export function findSetBack({ time, latest, setBacks, leaps }: StoreClockState): SetBack | null {
  const now = time.now();
  if (latest === null || latest - now <= STORE_TIME_DIFFERENCE_MS_MAX) return null;
  return { latest, count: setBacks, wasAhead: leaps.some(({ from, to }) => from - STORE_TIME_DIFFERENCE_MS_MAX <= now && now < to) };
}

export interface MeasureDeps {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly decided: Store["decided"];
  readonly log: Logger;
}

/** Applies one measurement. */
export async function measure({ clock, decided, log }: MeasureDeps, state: StoreClockState): Promise<void> {
  const { time } = state;
  const wasSteady = time.steady();
  await time.measure();
  state.measuredAtMs = clock.monotonicMs();
  const jump = time.jump();
  const jumpedMs = jump === null || jump === state.jump ? 0 : jump.byMs;
  state.jump = jump;
  if (!time.steady()) state.steadyAtMs = Number.POSITIVE_INFINITY;
  else if (jumpedMs !== 0 || state.steadyAtMs === Number.POSITIVE_INFINITY) state.steadyAtMs = state.measuredAtMs;
  const expected = time.now() - jumpedMs;
  if (jumpedMs > 0) state.leaps = [...state.leaps, { from: expected, to: time.now() }].slice(-LEAPS_MAX);
  if (jumpedMs < 0 && wasSteady && state.latest !== null) state.latest = Math.max(state.latest, expected);
  await note(decided, state);
  sayIfSetBack(state, { jumpedMs, log });
}

/** The time used for decisions is recorded as soon as the clock is steady, and so before most decisions. */
async function note(decided: Store["decided"], state: StoreClockState): Promise<void> {
  if (state.latest === null) state.latest = state.before = state.noted = await decided.latest();
  if (!state.time.steady()) return;
  const now = state.time.now();
  state.latest = Math.max(state.latest, now);
  if (now - state.noted < NOTE_EVERY_MS) return;
  await decided.note(now);
  state.noted = now;
}

function sayIfSetBack(state: StoreClockState, { jumpedMs, log }: { readonly jumpedMs: number; readonly log: Logger }): void {
  const setBack = findSetBack(state);
  if (setBack === null || (state.setBacks > 0 && jumpedMs >= 0)) return;
  state.setBacks += 1;
  log.warn(
    { behindMs: setBack.latest - state.time.now(), wasAhead: setBack.wasAhead },
    "the store's clock is behind what was decided by: it was ahead and has been put right, or is behind now",
  );
}
