/**
 * Time limits from which others are derived, so that a window is never shorter than what it has to cover. Derived limits
 * are computed here; `limits.test.ts` of `standalone` checks the settings of the services against them.
 * Milliseconds.
 */

/** A clock that moved further than this within one measurement, or between two, was set, or its machine slept. */
export const CLOCK_JUMP_MS_MAX = 1_000;

/** An answer to a ping that took longer is too inexact for the store's time. */
export const PING_MS_MAX = 2_000;

/**
 * The largest error of a service's estimate of the store's clock: half of a ping, a whole ping where our
 * own clock is used for the store's, and a change too small to be a jump.
 */
export const STORE_TIME_ERROR_MS_MAX = 1.5 * PING_MS_MAX + CLOCK_JUMP_MS_MAX;

/** Two services may differ by this much: a smaller difference does not mean that a clock was set back. */
export const STORE_TIME_DIFFERENCE_MS_MAX = 2 * STORE_TIME_ERROR_MS_MAX;

/** A statement of the store, with all its waits and repeats, ends within this time: with an answer, or as `store_unavailable`. */
export const STATEMENT_MS_MAX = 25_000;

/**
 * A settlement is at most this many statements in sequence: a write, a read of its outcome, and the close of cancelled runs. A call
 * that sends more before it ends a run records the time of the end, and not the time when the call began.
 */
export const SETTLE_STATEMENTS_MAX = 3;

/** From the recorded time of a settlement until all can read it. */
export const SETTLE_MS_MAX = SETTLE_STATEMENTS_MAX * STATEMENT_MS_MAX;

/** The projection of settled runs reads again this far before its watermark: for runs that were settled before it, and became readable later. */
export const FOLD_OVERLAP_MS = SETTLE_MS_MAX + STORE_TIME_DIFFERENCE_MS_MAX;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Ended runs are kept at least this long. */
export const RETENTION_MS_MIN = DAY_MS;

/**
 * For so long a repeat of a request with an idempotency key makes what the first did not come to make. Less than the least retention, so
 * that within it nothing the key made can have been forgotten; after it the key only answers.
 */
export const KEY_MAKES_MS = RETENTION_MS_MIN - HOUR_MS;

/** A command further from its own time than this is refused, whatever its topic keeps. */
export const COMMAND_AGE_MS_MAX = 3.5 * DAY_MS;

/**
 * Idempotency keys and ids of commands are kept so long: a command may come first that much before its time, and again that much after it.
 * The hour is for clocks that differ, and for a command that is under way while its key is looked for.
 */
export const REQUESTS_KEPT_MS = 2 * COMMAND_AGE_MS_MAX + HOUR_MS;

/** At the end of a process its connections are closed within this time. */
export const CLOSE_MS_MAX = 10_000;
