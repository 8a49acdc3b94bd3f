import type { EndedRun } from "@tickline/shared/domain/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";

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
}

/** One report for each attempt and executor, whatever was repeated and in whatever order it came. The first end stands. */
export function reportsOf(events: readonly TicklineEvent[]): readonly Report[] {
  const reports = new Map<string, Report>();
  for (const event of events) {
    const report = reportOf(event);
    if (report === null) continue;
    const key = JSON.stringify([report.tenantId, report.runId, report.attempt, report.executor]);
    const before = reports.get(key);
    reports.set(key, before === undefined ? report : together(before, report));
  }
  return [...reports.values()];
}

const together = (before: Report, after: Report): Report => ({
  ...before,
  started: before.started || after.started,
  beating: before.beating || after.beating,
  completed: before.completed ?? after.completed,
});

function reportOf({ type, tenantId, source: executor, data }: TicklineEvent): Report | null {
  if (type !== "JobStarted" && type !== "JobHeartbeat" && type !== "JobCompleted") return null; // Nothing else is a report.
  const said = { started: type === "JobStarted", beating: type === "JobHeartbeat", completed: type === "JobCompleted" ? data : null };
  return { tenantId, runId: data.runId, attempt: data.attempt, executor, ...said };
}
