import type { TicklineEvent } from "@tickline/shared/events/event";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { ExecutorContext } from "../executor-context.ts";
import type { NotTakenEvent } from "./judge-reports.ts";
import { reportKey } from "./report.ts";
import { NOT_TAKEN, type NotTaken } from "./report-rules.ts";

/** What becomes of the reports of one batch, counted, and logged where somebody has to mend something. */
export interface ReportCounts {
  taken(reports: number): void;
  skipped(reports: number): void;
  /** Another run of the job is in progress. */
  waiting(reports: number): void;
  lost(reports: number): void;
  /** What an executor said of an attempt, and is not taken, counts once for each reason. */
  notTaken(events: readonly NotTakenEvent[]): void;
  notAReport(event: TicklineEvent): void;
  /** Those that go to the dead letters. */
  refused(): readonly RefusedEvent[];
}

/** Of the refused reports of one batch, as many are logged one by one; the dead letters have all of them. */
const TOLD_MAX = 10;

export function createReportCounts({ metrics, log }: Pick<ExecutorContext, "metrics" | "log">): ReportCounts {
  const refused: RefusedEvent[] = [];
  const told = new Set<string>();
  const count = (outcome: string, reports: number): void => metrics.reports.inc({ outcome }, reports);

  function refuse(
    event: TicklineEvent,
    why: NotTaken,
    { key, ...fields }: { readonly key: string; readonly [name: string]: unknown },
  ): void {
    const { deadLetter, reason } = NOT_TAKEN[why];
    if (deadLetter) refused.push({ event, reason: `${why}: ${reason}` });
    if (told.has(`${why} ${key}`)) return;
    told.add(`${why} ${key}`);
    count(why, 1);
    if (!deadLetter) log.debug({ ...fields, why }, "a report was dropped");
    else if (told.size <= TOLD_MAX) log.warn({ ...fields, type: event.type, executor: event.source, why }, "a report was refused");
  }
  return {
    taken: (reports) => count("taken", reports),
    skipped: (reports) => count("skipped", reports),
    waiting: (reports) => count("waiting", reports),
    lost: (reports) => count("lost", reports),
    notTaken(events) {
      for (const { event, why } of events) {
        const { runId, attempt } = event.data;
        refuse(event, why, { key: reportKey(event), runId, attempt });
      }
    },
    notAReport: (event) => refuse(event, "not_a_report", { key: event.id, id: event.id }),
    refused: () => refused,
  };
}
