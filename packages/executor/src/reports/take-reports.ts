import { AppError } from "@tickline/shared/domain/app-error";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { ControlHints } from "../control-hints.ts";
import type { ExecutorContext } from "../executor-deps.ts";
import type { RunEvents } from "../run-events.ts";
import { settleBatch } from "../settle-batch.ts";
import type { Unsettled } from "../settle-queue.ts";
import { claimReported, renewReported, type WonReport } from "./report-leases.ts";
import { reportResult } from "./report-result.ts";
import { reportsOf } from "./report.ts";
import { sortReports, type KnownReport, type SortedReports } from "./sort-reports.ts";

export interface TakeReportsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "config" | "metrics">;
  readonly events: RunEvents;
  readonly hints: ControlHints;
}

/**
 * Takes what foreign executors say through the same claim and settle as our own executors. Every report may come twice,
 * late, or without those before it: one that starts or ends an attempt claims it, and so does the heartbeat of one that
 * nobody has started. Rejects, to be given the batch again, when the store is away, or its clock is not one to claim by.
 */
export function createTakeReports({ context, events, hints }: TakeReportsOptions): (batch: readonly TicklineEvent[]) => Promise<void> {
  const { claims, clock, entropy, log, config, metrics } = context;

  /** It may have missed the first hint; its heartbeat shows that it is still at work. */
  function repeatCancels(cancelled: readonly KnownReport[]): void {
    for (const { run } of cancelled) hints.cancelRequested(run.runId, run.tenantId);
  }
  async function settle(won: readonly WonReport[]): Promise<void> {
    const results = won.flatMap(({ report: { completed }, run, claim }): Unsettled[] =>
      completed === null ? [] : [{ claim, result: reportResult(run, completed, entropy.random), finishedAt: clock.now() }],
    );
    for (let first = 0; first < results.length; first += config.settleRunsMax) {
      const answer = await settleBatch(
        { context, events, hints },
        { results: results.slice(first, first + config.settleRunsMax), failures: 0 },
      );
      if (answer === "written") continue;
      const code = answer === "away" ? "store_unavailable" : "internal";
      throw new AppError(code, "results of foreign executors were not written", { retryable: answer === "away" });
    }
  }
  function count({ refused }: SortedReports, counts: Readonly<Record<"taken" | "lost" | "skipped" | "waiting", number>>): void {
    for (const [outcome, reports] of Object.entries(counts)) metrics.reports.inc({ outcome }, reports);
    for (const { report, why } of refused) {
      metrics.reports.inc({ outcome: why });
      const { runId, attempt, executor } = report;
      // Repeats of what has ended come with every bus; the rest somebody has to mend.
      if (why === "not_open" || why === "stale_attempt") log.debug({ runId, attempt, executor, why }, "a report was dropped");
      else log.warn({ runId, attempt, executor: executor.slice(0, 200), why }, "a report was refused");
    }
  }
  return async (batch) => {
    const reports = reportsOf(batch);
    if (reports.length === 0) return;
    const runs = await claims.read([...new Set(reports.map(({ runId }) => runId))]);
    const sorted = sortReports(reports, { runs, externalQueues: config.externalQueues });
    const { renewed, cancelled } = await renewReported(context, sorted.known.filter(isBeating));
    repeatCancels(cancelled);
    const claiming = sorted.known.filter((known) => !renewed.has(known));
    const doubt = claiming.length === 0 ? null : context.time.doubt();
    if (doubt !== null) throw new AppError("clock_unsteady", `reports claim nothing for now: ${doubt}`, { retryable: true });
    const { won, skipped, waiting } = await claimReported(context, claiming);
    for (const { report, claim } of won) if (report.started || report.completed === null) events.started(claim, report.executor);
    for (const run of skipped) events.ended(run);
    for (const { run, cancels } of waiting) if (cancels !== null) hints.cancelRequested(cancels, run.tenantId);
    await settle(won);
    const lost = Math.max(0, claiming.length - won.length - skipped.length - waiting.length);
    count(sorted, { taken: renewed.size + won.length, lost, skipped: skipped.length, waiting: waiting.length });
  };
}

const isBeating = ({ report: { beating, completed } }: KnownReport): boolean => beating && completed === null;
