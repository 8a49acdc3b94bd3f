import type { StatusChange } from "@tickline/shared/domain/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";

/** The status change that an event reports; null: none. Skipped and missed instants (`JobSkipped`) change no status. */
export function toStatusChange(event: TicklineEvent): StatusChange | null {
  const { tenantId } = event;
  switch (event.type) {
    case "JobStarted": {
      const { jobUid, runId, scheduledFor, attempt, startedAt } = event.data;
      return { tenantId, jobUid, lastRun: { runId, state: "running", scheduledFor, startedAt, finishedAt: null, attempt, error: null } };
    }
    case "JobRetrying": {
      const { jobUid, runId, scheduledFor, attempt, startedAt, error } = event.data;
      return { tenantId, jobUid, lastRun: { runId, state: "retrying", scheduledFor, startedAt, finishedAt: event.time, attempt, error } };
    }
    case "JobCompleted": {
      const { jobUid, runId, state, scheduledFor, startedAt, finishedAt, attempt, error } = event.data;
      return { tenantId, jobUid, lastRun: { runId, state, scheduledFor, startedAt, finishedAt, attempt, error } };
    }
    case "JobSkipped":
    case "JobCreated":
    case "JobUpdated":
    case "JobDeleted":
    case "JobDue":
    case "CancelRequested":
    case "HandlersChanged":
    case "RunsReady":
    case "JobHeartbeat":
    case "CreateJob":
    case "TriggerJob":
    case "CancelRun":
    case "CommandAnswered":
    case "CommandRefused":
      return null;
  }
}
