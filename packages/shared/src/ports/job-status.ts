import type { Instant } from "../domain/instant.ts";
import type { StatusChange } from "../domain/status-change.ts";

/** A part of what was settled, and where to go on: `next` is null at the end. */
export interface SettledPart {
  readonly changes: readonly StatusChange[];
  readonly next: string | null;
}

/** The read state of jobs: `status` and `lastRun`. Guarded by `statusOrder`, so repeats and any order are harmless. */
export interface JobStatus {
  /** At most one change a job (see `latestOfEach`); what does not supersede the stored status changes nothing. */
  apply(changes: readonly StatusChange[]): Promise<void>;
  /** Runs that started and ended, by when they were settled, from `since` on. */
  settledSince(query: { readonly since: Instant; readonly after: string | null; readonly limit: number }): Promise<SettledPart>;
  /** Up to when settled runs are known to be folded in; 0 at first. */
  watermark(): Promise<Instant>;
  /** Never moves back. */
  advance(watermark: Instant): Promise<void>;
}
