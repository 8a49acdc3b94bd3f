import { UNKNOWN_CLIENT, type Client } from "../domain/run/cancel.ts";
import type { Instant } from "../domain/time/instant.ts";
import type { EndedRun } from "../domain/run/settlement.ts";
import type { JobDeleted } from "../events/job-event.ts";
import type { RunControl } from "../ports/runs/run-control.ts";

export interface CancelDeletedParts {
  readonly control: RunControl;
  readonly now: () => Instant;
  /** Who deleted the job, where that is known. */
  readonly client?: Client;
  /** Runs of one write. */
  readonly runsMax: number;
  readonly onEnded: (runs: readonly EndedRun[]) => void | Promise<void>;
  /** These run, and are asked to end: their executors receive the request with their next heartbeat, or by a hint. */
  readonly onAsked: (runIds: readonly string[]) => void;
}

/**
 * Cancels the runs of a deleted job that have not started or wait for a retry and, where the deletion says so, asks those in progress to end. Safe to
 * repeat. It ends by itself: nothing fires for a tombstone, so each round leaves fewer.
 */
export async function cancelDeletedRuns(parts: CancelDeletedParts, { tenantId, data }: JobDeleted): Promise<void> {
  const { control, now, client = UNKNOWN_CLIENT, runsMax, onEnded, onAsked } = parts;
  const { jobUid, cancelRunning = false } = data;

  async function cancelWaiting(): Promise<void> {
    for (let full = true; full;) {
      const ended = await control.cancelOpen(tenantId, { jobUid, client, now: now(), limit: runsMax });
      if (ended.length > 0) await onEnded(ended);
      full = ended.length >= runsMax;
    }
  }
  async function askRunning(): Promise<void> {
    for (let full = true; full;) {
      const asked = await control.cancelRunning(tenantId, { jobUid, client, now: now(), limit: runsMax });
      if (asked.length > 0) onAsked(asked);
      full = asked.length >= runsMax;
    }
  }
  await cancelWaiting();
  if (!cancelRunning) return;
  await askRunning();
  await cancelWaiting(); // Runs that failed or were rescued between the two calls wait again.
}
