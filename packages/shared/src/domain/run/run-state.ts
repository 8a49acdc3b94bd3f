/** The states of a run. A run may be created as `skipped` or `missed`; all others begin as `due`. */
export const RUN_STATES = ["due", "running", "retrying", "succeeded", "failed", "cancelled", "lost", "skipped", "missed"] as const;
export type RunState = (typeof RUN_STATES)[number];

/** All transitions. Other pairs never happen, in any store. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  due: ["running", "cancelled", "skipped", "failed"], // `failed`: it had been started, and then waited too long for the next attempt.
  running: ["succeeded", "failed", "cancelled", "lost", "retrying", "due"], // `due`: rescued or released, attempt raised.
  retrying: ["due", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
  lost: [],
  skipped: [],
  missed: [],
};

export const BORN_STATES = ["due", "skipped", "missed"] as const satisfies readonly RunState[];
export type BornState = (typeof BORN_STATES)[number];

/**
 * For tests: their store refuses every other transition.
 * @public
 */
export const canBecome = (from: RunState, to: RunState): boolean => RUN_TRANSITIONS[from]?.includes(to) === true;
/** An unknown state, which another version may have stored, is not terminal. */
export const isTerminal = (state: RunState): boolean => RUN_TRANSITIONS[state]?.length === 0;
/**
 * True for a run that completed: it ran, or was cancelled. It has an event `JobCompleted`, and its job's `status`
 * shows it. Skipped and missed runs do not complete and change no status.
 */
export const isCompleted = (state: RunState): boolean => isTerminal(state) && state !== "skipped" && state !== "missed";

/**
 * The order in which one attempt's states follow each other, for guarding projections: within (scheduledFor, runId,
 * attempt) a state of smaller or equal rank changes nothing. `due` of the next attempt has a higher attempt.
 */
export const stateRank = (state: RunState): number => (state === "due" ? 0 : state === "running" ? 1 : state === "retrying" ? 2 : 3);
