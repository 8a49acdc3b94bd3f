/** Why a run did not run, or waits. Stored in `run.reason`. Every scheduled run that did not run has one. */
export const REASONS = [
  "overlap", // Another run of the job was in progress when its instant came, or it waits for that one to end.
  "buffer_full", // As many runs of the job waited as `overlap: "buffer_all"` keeps.
  "expired", // Not started within the job's `expireAfterMs`.
  "paused", // The instants that passed while the job was paused, as one counted range.
  "not_evaluated", // Its schedule could not be evaluated; the record stands for all instants from then to an edit or the end of the job.
  "misfire", // Found later than `MISSED_AFTER_MS`, and the misfire policy did not keep it.
  "cancelled", // Cancelled before it started, by request.
  "job_deleted", // Its job was deleted before it started.
  "job_edited", // It waited for a handler or queue that an edit of its job replaced.
  "unknown_handler", // Waits: no live executor that saw it has this handler.
  "job_workers", // Waits: runs of its job hold as many workers of the executor as they may.
  "retention", // It waited for an executor longer than `waitMaxMs`.
] as const;
export type Reason = (typeof REASONS)[number];
