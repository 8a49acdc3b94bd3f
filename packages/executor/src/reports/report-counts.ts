import type { TicklineEvent } from "@tickline/shared/events/event";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { ExecutorContext } from "../executor-context.ts";
import type { RejectedEvent } from "./judge-reports.ts";
import { reportKey } from "./report.ts";
import { REJECTIONS, type Rejection } from "./report-rules.ts";

/** Counts the outcomes of the reports of one batch, and logs those that need a repair. */
export interface ReportCounts {
  taken(reports: number): void;
  skipped(reports: number): void;
  /** Their runs wait for another run of the job. */
  waiting(reports: number): void;
  lost(reports: number): void;
  /** Events of one executor about one attempt count once for each reason. */
  rejected(events: readonly RejectedEvent[]): void;
  notAReport(event: TicklineEvent): void;
  /** The events that go to the dead letters. */
  refused(): readonly RefusedEvent[];
}

/** So many refused reports of one batch are logged one by one; all of them are in the dead letters. */
const LOGGED_MAX = 10;

export function createReportCounts({ metrics, log }: Pick<ExecutorContext, "metrics" | "log">): ReportCounts {
  const refused: RefusedEvent[] = [];
  const counted = new Set<string>();
  const count = (outcome: string, reports: number): void => metrics.reports.inc({ outcome }, reports);

  function refuse(
    event: TicklineEvent,
    why: Rejection,
    { key, ...fields }: { readonly key: string; readonly [name: string]: unknown },
  ): void {
    const { deadLetter, reason } = REJECTIONS[why];
    if (deadLetter) refused.push({ event, reason: `${why}: ${reason}` });
    if (counted.has(`${why} ${key}`)) return;
    counted.add(`${why} ${key}`);
    count(why, 1);
    if (!deadLetter) log.debug({ ...fields, why }, "a report was dropped");
    else if (counted.size <= LOGGED_MAX) log.warn({ ...fields, type: event.type, executor: event.source, why }, "a report was refused");
  }
  return {
    taken: (reports) => count("taken", reports),
    skipped: (reports) => count("skipped", reports),
    waiting: (reports) => count("waiting", reports),
    lost: (reports) => count("lost", reports),
    rejected(events) {
      for (const { event, why } of events) {
        const { runId, attempt } = event.data;
        refuse(event, why, { key: reportKey(event), runId, attempt });
      }
    },
    notAReport: (event) => refuse(event, "not_a_report", { key: event.id, id: event.id }),
    refused: () => refused,
  };
}
