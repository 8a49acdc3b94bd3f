import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { RunClaims } from "@tickline/shared/ports/runs/run-claims";
import { rejectByContent, rejectByRun, type Rejection, type ReportedRun } from "./report-rules.ts";
import { groupReports, type Report, type ReportEvent } from "./report.ts";

/** A report, and its run as the store holds it. */
export interface KnownReport {
  readonly report: Report;
  readonly run: DueRun;
}

export interface RejectedEvent {
  readonly event: ReportEvent;
  readonly why: Rejection;
}

export interface JudgedReports {
  readonly known: readonly KnownReport[];
  readonly rejected: readonly RejectedEvent[];
}

export interface JudgeContext {
  readonly claims: Pick<RunClaims, "read" | "holders">;
  readonly externalQueues: readonly string[];
}

/** Separates the reports that can be accepted from the others, by their content and by what the store holds of their runs. */
export async function judgeReports({ claims, externalQueues }: JudgeContext, events: readonly ReportEvent[]): Promise<JudgedReports> {
  const rejections = events.map(rejectByContent);
  const runs = await readRuns(
    claims,
    events.filter((_, index) => rejections[index] === null),
  );
  const accepted: ReportEvent[] = [];
  const rejected: RejectedEvent[] = [];
  for (const [index, event] of events.entries()) {
    const reported = runs.get(event.data.runId);
    const why = rejections[index] ?? (reported === undefined ? "not_open" : rejectByRun(event, reported, externalQueues));
    if (why === null) accepted.push(event);
    else rejected.push({ event, why });
  }
  const known = groupReports(accepted).flatMap((report) => {
    const reported = runs.get(report.runId);
    return reported === undefined ? [] : [{ report, run: reported.run }];
  });
  return { known, rejected };
}

async function readRuns(claims: JudgeContext["claims"], events: readonly ReportEvent[]): Promise<ReadonlyMap<string, ReportedRun>> {
  const runIds = [...new Set(events.map(({ data }) => data.runId))];
  if (runIds.length === 0) return new Map();
  const [runs, holders] = await Promise.all([claims.read(runIds), claims.holders(runIds)]);
  const byId = new Map(holders.map((holder) => [holder.runId, holder]));
  return new Map(
    runs.flatMap((run) => {
      const holder = byId.get(run.runId);
      return holder === undefined ? [] : [[run.runId, { run, holder }] as const]; // It ended between the two reads.
    }),
  );
}
