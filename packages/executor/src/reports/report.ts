import type { EndedRun } from "@tickline/shared/domain/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { JobCompleted } from "@tickline/shared/events/job-ended";
import type { JobHeartbeat } from "@tickline/shared/events/job-heartbeat";
import type { JobStarted } from "@tickline/shared/events/job-started";

/** What a foreign executor may say. */
export type ReportEvent = JobStarted | JobHeartbeat | JobCompleted;

export const isReport = (event: TicklineEvent): event is ReportEvent =>
  event.type === "JobStarted" || event.type === "JobHeartbeat" || event.type === "JobCompleted";

/** What a foreign executor said of one attempt, all that it said of it in one batch taken together. */
export interface Report {
  readonly tenantId: string;
  readonly runId: string;
  readonly attempt: number;
  /** The name it goes by: the source of its events. */
  readonly executor: string;
  /** It said that it has begun. */
  readonly started: boolean;
  /** It said that it is at work. */
  readonly beating: boolean;
  /** What the attempt came to; null: it has not said so. */
  readonly completed: EndedRun | null;
  readonly events: readonly ReportEvent[];
}

/** Of one executor and attempt there is one report in a batch. */
export const reportKey = ({ tenantId, data, source }: ReportEvent): string => JSON.stringify([tenantId, data.runId, data.attempt, source]);

/** One report for each attempt and executor, whatever was repeated and in whatever order it came. The first end stands. */
export const reportsOf = (events: readonly ReportEvent[]): readonly Report[] => [...Map.groupBy(events, reportKey).values()].map(together);

function together(events: readonly ReportEvent[]): Report {
  const [{ tenantId, source, data }] = events as readonly [ReportEvent]; // A group has one at least.
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
