/**
 * Limits of time that others are derived from, so that a window is never shorter than what it has to cover. What follows
 * from them is computed beside them; the settings of the services are held to them by `limits.test.ts` of `standalone`.
 * Milliseconds.
 */

/** A clock that moved further than this within one measurement, or between two, was set, or its machine slept. */
export const CLOCK_JUMP_MS_MAX = 1_000;

/** An answer to the question for its time that took longer says too little of the store's time. */
export const PING_MS_MAX = 2_000;

/**
 * How far the store's time, as a service has it, may be from the store's clock: half an answer either way, as much as an answer where our
 * own clock is taken for the store's, and what is too little to be a jump.
 */
export const STORE_TIME_ERROR_MS_MAX = 1.5 * PING_MS_MAX + CLOCK_JUMP_MS_MAX;

/** Two services may differ by so much: less is no sign of a clock that was set back. */
export const STORE_TIME_DIFFERENCE_MS_MAX = 2 * STORE_TIME_ERROR_MS_MAX;

/** A statement of the store, with all its waits and repeats, ends within this time: with an answer, or as `store_unavailable`. */
export const STATEMENT_MS_MAX = 25_000;

/**
 * A settlement is at most so many statements, one after another: a write, what came of it, and the close of what somebody wants cancelled. A call
 * that sends more before it ends a run says when it does so, and not when it began.
 */
export const SETTLE_STATEMENTS_MAX = 3;

/** From the time that a settlement says it was made to when everybody can read it. */
export const SETTLE_MS_MAX = SETTLE_STATEMENTS_MAX * STATEMENT_MS_MAX;

/** The fold of settled runs goes back so far behind what it has folded: what was settled before, and could not be read yet. */
export const FOLD_OVERLAP_MS = SETTLE_MS_MAX + STORE_TIME_DIFFERENCE_MS_MAX;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Ended runs are kept at least so long. */
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
