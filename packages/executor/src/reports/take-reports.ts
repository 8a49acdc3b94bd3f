import { AppError } from "@tickline/shared/domain/app-error";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { inHalves } from "@tickline/shared/runtime/in-halves";
import type { ControlHints } from "../publish/control-hints.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { RunEvents } from "../publish/run-events.ts";
import { settleBatch } from "../settle/settle-batch.ts";
import type { Unsettled } from "../settle/settle-queue.ts";
import { judgeReports, type KnownReport } from "./judge-reports.ts";
import { createReportCounts } from "./report-counts.ts";
import { claimReported, renewReported, type WonReport } from "./report-leases.ts";
import { reportResult } from "./report-result.ts";
import { isReport } from "./report.ts";

export interface TakeReportsOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "runLog" | "config" | "metrics">;
  readonly events: RunEvents;
  readonly hints: ControlHints;
}

/**
 * Takes what foreign executors say through the same claim and settle as our own executors. Every report may come twice,
 * late, or without those before it: one that starts or ends an attempt claims it, and so does the heartbeat of one that
 * nobody has started. Resolves with what is refused; rejects, to be given the batch again, when the store is away, or its clock is not
 * one to claim by.
 */
export function createTakeReports({
  context,
  events,
  hints,
}: TakeReportsOptions): (batch: readonly TicklineEvent[]) => Promise<readonly RefusedEvent[]> {
  const { claims, clock, entropy, config } = context;
  const judging = { claims, externalQueues: config.externalQueues };
  const rules = { releasesMax: config.releasesMax, random: entropy.random };

  /** It may have missed the first hint; its heartbeat shows that it is still at work. */
  function repeatCancels(cancelled: readonly KnownReport[]): void {
    for (const { run } of cancelled) hints.cancelRequested(run.runId, run.tenantId);
  }
  async function settle(won: readonly WonReport[]): Promise<void> {
    const results = won.flatMap(({ report: { completed }, run, claim }): Unsettled[] =>
      completed === null ? [] : [{ claim, result: reportResult(run, completed, rules), finishedAt: clock.now() }],
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
  async function take(batch: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const counts = createReportCounts(context);
    for (const event of batch) if (!isReport(event)) counts.notAReport(event);
    const { known, notTaken } = await judgeReports(judging, batch.filter(isReport));
    counts.notTaken(notTaken);
    const { renewed, cancelled } = await renewReported(context, known.filter(isBeating));
    repeatCancels(cancelled);
    const claiming = known.filter((one) => !renewed.has(one));
    const doubt = claiming.length === 0 ? null : context.time.doubt();
    if (doubt !== null) throw new AppError("clock_unsteady", `reports claim nothing for now: ${doubt}`, { retryable: true });
    const { won, skipped, waiting, lost } = await claimReported(context, claiming);
    for (const { report, claim } of won) if (report.started || report.completed === null) events.started(claim, report.executor);
    for (const run of skipped) events.ended(run);
    for (const { run, cancels } of waiting) if (cancels !== null) hints.cancelRequested(cancels, run.tenantId);
    await settle(won);
    counts.taken(renewed.size + won.length);
    counts.skipped(skipped.length);
    counts.waiting(waiting.length);
    // Decided anew: who was quicker has the attempt now, or it is over.
    const again = await judgeReports(
      judging,
      lost.flatMap(({ report }) => report.events),
    );
    counts.notTaken(again.notTaken);
    counts.lost(again.known.length);
    return counts.refused();
  }
  return (batch) => takeOthers(batch, take);
}

/** One that the store refuses keeps no other from being taken. Where it refuses all of them, they are not to blame, and may come again. */
async function takeOthers(
  batch: readonly TicklineEvent[],
  take: (some: readonly TicklineEvent[]) => Promise<readonly RefusedEvent[]>,
): Promise<readonly RefusedEvent[]> {
  const answered: RefusedEvent[] = [];
  const refused = await inHalves(batch, async (some) => void answered.push(...(await take(some))));
  const [first] = refused;
  if (first !== undefined && refused.length === batch.length) throw first.fault;
  return [...answered, ...refused.map(({ item: event, fault }) => ({ event, reason: `it cannot be taken: ${fault.message}` }))];
}

const isBeating = ({ report: { beating, completed } }: KnownReport): boolean => beating && completed === null;
