import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { JobCompleted } from "@tickline/shared/events/job-ended";
import type { JobHeartbeat } from "@tickline/shared/events/job-heartbeat";
import type { JobStarted } from "@tickline/shared/events/job-started";

/** The events that a foreign executor may publish. */
export type ReportEvent = JobStarted | JobHeartbeat | JobCompleted;

export const isReport = (event: TicklineEvent): event is ReportEvent =>
  event.type === "JobStarted" || event.type === "JobHeartbeat" || event.type === "JobCompleted";

/** All events of one batch that a foreign executor published about one attempt. */
export interface Report {
  readonly tenantId: string;
  readonly runId: string;
  readonly attempt: number;
  /** Its name: the source of its events. */
  readonly executor: string;
  /** It reported the start. */
  readonly started: boolean;
  /** It reported a heartbeat. */
  readonly beating: boolean;
  /** The end that it reported; null: none. */
  readonly completed: EndedRun | null;
  readonly events: readonly ReportEvent[];
}

/** A batch has one report for each key. */
export const reportKey = ({ tenantId, data, source }: ReportEvent): string => JSON.stringify([tenantId, data.runId, data.attempt, source]);

/** One report for each attempt and executor, whatever was repeated and whatever the order. Of several ends the first counts. */
export const groupReports = (events: readonly ReportEvent[]): readonly Report[] =>
  [...Map.groupBy(events, reportKey).values()].map(toReport);

function toReport(events: readonly ReportEvent[]): Report {
  const [{ tenantId, source, data }] = events as readonly [ReportEvent]; // A group is never empty.
  const ends = events.flatMap((event) => (event.type === "JobCompleted" ? [event.data] : []));
  return {
    tenantId,
    runId: data.runId,
    attempt: data.attempt,
    executor: source,
    started: events.some(({ type }) => type === "JobStarted"),
    beating: events.some(({ type }) => type === "JobHeartbeat"),
    completed: ends[0] ?? null,
    events,
  };
}
