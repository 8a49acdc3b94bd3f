import { pickLastRun } from "@tickline/shared/domain/run";
import type { StatusChange } from "@tickline/shared/domain/status-change";
import type { TicklineEvent } from "@tickline/shared/events/event";

/** What an event says of the status of its job; null: nothing. What was skipped or missed (`JobSkipped`) changes no status. */
export function statusChangeOf(event: TicklineEvent): StatusChange | null {
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
