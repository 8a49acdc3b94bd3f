import { pickLastRun } from "@tickline/shared/domain/run/run";
import type { StatusChange } from "@tickline/shared/domain/job/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";

/** The status change that an event reports; null: none. Skipped and missed instants (`JobSkipped`) change no status. */
export function toStatusChange(event: TicklineEvent): StatusChange | null {
  const { tenantId } = event;
  switch (event.type) {
    case "JobStarted": {
      const { data } = event;
      return { tenantId, jobUid: data.jobUid, lastRun: pickLastRun({ ...data, state: "running", finishedAt: null, error: null }) };
    }
    case "JobRetrying": {
      const { data, time } = event;
      return { tenantId, jobUid: data.jobUid, lastRun: pickLastRun({ ...data, state: "retrying", finishedAt: time }) };
    }
    case "JobCompleted":
      return { tenantId, jobUid: event.data.jobUid, lastRun: pickLastRun(event.data) };
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
