import type { DueRun } from "@tickline/shared/domain/due-run";
import type { RunClaims } from "@tickline/shared/ports/run-claims";
import { reportsOf, type Report, type ReportEvent } from "./report.ts";
import { faultOfReport, faultOfStanding, type NotTaken, type ReportedRun } from "./report-rules.ts";

/** A report, and the run it is about as the store has it. */
export interface KnownReport {
  readonly report: Report;
  readonly run: DueRun;
}

export interface NotTakenEvent {
  readonly event: ReportEvent;
  readonly why: NotTaken;
}

export interface JudgedReports {
  readonly known: readonly KnownReport[];
  readonly notTaken: readonly NotTakenEvent[];
}

export interface JudgeContext {
  readonly claims: Pick<RunClaims, "read" | "holders">;
  readonly externalQueues: readonly string[];
}

/** Tells the reports that may be acted upon from the others, by what they say and by what the store holds of their runs. */
export async function judgeReports({ claims, externalQueues }: JudgeContext, events: readonly ReportEvent[]): Promise<JudgedReports> {
  const faults = events.map(faultOfReport);
  const runs = await readRuns(
    claims,
    events.filter((_, index) => faults[index] === null),
  );
  const good: ReportEvent[] = [];
  const notTaken: NotTakenEvent[] = [];
  for (const [index, event] of events.entries()) {
    const reported = runs.get(event.data.runId);
    const why = faults[index] ?? (reported === undefined ? "not_open" : faultOfStanding(event, reported, externalQueues));
    if (why === null) good.push(event);
    else notTaken.push({ event, why });
  }
  const known = reportsOf(good).flatMap((report) => {
    const reported = runs.get(report.runId);
    return reported === undefined ? [] : [{ report, run: reported.run }];
  });
  return { known, notTaken };
}

async function readRuns(claims: JudgeContext["claims"], events: readonly ReportEvent[]): Promise<ReadonlyMap<string, ReportedRun>> {
  const runIds = [...new Set(events.map(({ data }) => data.runId))];
  if (runIds.length === 0) return new Map();
  const [runs, holders] = await Promise.all([claims.read(runIds), claims.holders(runIds)]);
  const byId = new Map(holders.map((holder) => [holder.runId, holder]));
  return new Map(
    runs.flatMap((run) => {
      const holder = byId.get(run.runId);
      return holder === undefined ? [] : [[run.runId, { run, holder }] as const]; // It ended between the two.
    }),
  );
}
