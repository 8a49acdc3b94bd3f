/** Why a run did not run, or waits. Stands in `run.reason`; nothing a schedule produced vanishes without one. */
export const REASONS = [
  "overlap", // Another run of the job was open, and its overlap policy is `skip`.
  "expired", // Not started within the job's `expireAfterMs`.
  "paused", // The instants that passed while the job was paused, as one counted range.
  "misfire", // Found later than `missedAfterMs`, and the misfire policy did not keep it.
  "cancelled", // Cancelled before it started, by request.
  "job_deleted", // Its job was deleted before it started.
  "unknown_handler", // Waits: no live executor that saw it has this handler.
  "retention", // Fired longer ago than retention and never started; too old to begin.
] as const;
export type Reason = (typeof REASONS)[number];
