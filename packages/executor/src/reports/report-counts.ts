import type { TicklineEvent } from "@tickline/shared/events/event";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import type { ExecutorContext } from "../executor-context.ts";
import { REJECTIONS, type Rejection } from "./report-rules.ts";

/** Counts the outcomes of the reports of one batch, and logs those that need a repair. */
export interface ReportCounts {
  /** `waiting`: their runs wait for another run of the job. */
  add(outcome: "taken" | "skipped" | "waiting" | "lost", reports: number): void;
  /** Rejected events of one key count once for each reason. */
  reject(event: TicklineEvent, why: Rejection, about: { readonly key: string; readonly [logField: string]: unknown }): void;
  /** The events that go to the dead letters. */
  readonly refused: readonly RefusedEvent[];
}

/** So many refused reports of one batch are logged one by one; all of them are in the dead letters. */
const LOGGED_MAX = 10;

export function createReportCounts({ metrics, log }: Pick<ExecutorContext, "metrics" | "log">): ReportCounts {
  const refused: RefusedEvent[] = [];
  const counted = new Set<string>();
  return {
    add: (outcome, reports) => metrics.reports.inc({ outcome }, reports),
    reject(event, why, { key, ...logFields }) {
      const { deadLetter, reason } = REJECTIONS[why];
      if (deadLetter) refused.push({ event, reason: `${why}: ${reason}` });
      if (counted.has(`${why} ${key}`)) return;
      counted.add(`${why} ${key}`);
      metrics.reports.inc({ outcome: why });
      if (!deadLetter) log.debug({ ...logFields, why }, "a report was dropped");
      else if (counted.size <= LOGGED_MAX)
        log.warn({ ...logFields, type: event.type, executor: event.source, why }, "a report was refused");
    },
    refused,
  };
}
