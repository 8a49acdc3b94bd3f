import { AppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import { runError } from "@tickline/shared/domain/run/run-error";
import type { AttemptResult, EndedRun } from "@tickline/shared/domain/run/settlement";
import type { TicklineEvent } from "@tickline/shared/events/event";
import { REPORTS_TOPIC } from "@tickline/shared/events/topics";
import type { RefusedEvent } from "@tickline/shared/ports/bus";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import { createLastingSubscription } from "@tickline/shared/runtime/service/lasting-subscription";
import type { Service } from "@tickline/shared/runtime/service/service";
import { attemptResult, type AttemptRules } from "../attempt/attempt-result.ts";
import { toRunError } from "../attempt/thrown-error.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { ControlHints } from "../publish/control-hints.ts";
import type { RunEvents } from "../publish/run-events.ts";
import { settleBatch } from "../settle/settle-batch.ts";
import type { Unsettled } from "../settle/settle-queue.ts";
import { judgeReports, type KnownReport } from "./judge-reports.ts";
import { createReportCounts, type ReportCounts } from "./report-counts.ts";
import { claimReported, renewReported, type WonReport } from "./report-leases.ts";
import { isReport, reportKey, type ReportEvent } from "./report.ts";

export interface ReportConsumerOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "runLog" | "config" | "metrics">;
  readonly events: RunEvents;
  readonly hints: ControlHints;
}

type TakeReports = (batch: readonly TicklineEvent[]) => Promise<readonly RefusedEvent[]>;

/** Receives the reports of foreign executors about runs of external queues. All executors share the group; without external queues none subscribes. */
export function createReportConsumer(options: ReportConsumerOptions): Service {
  const { context } = options;
  const take = createTakeReports(options);
  const onBatch: TakeReports = (batch) => takeInHalves(batch, take);
  const { start, stop } = createLastingSubscription({
    ...context,
    request: () => ({ topics: [REPORTS_TOPIC], group: "executor-reports", from: "beginning", onBatch }),
  });
  return {
    async start() {
      if (context.config.externalQueues.length > 0) await start();
    },
    stop,
  };
}

/**
 * Reports pass the same claim and settle as our own attempts. Every report may arrive twice, late, or without those before it: the start and the end of
 * an attempt claim it, and so does the heartbeat of an attempt that has not been claimed. Resolves with what is refused; rejects, to receive the batch
 * again, while the store is unavailable or its clock is not steady.
 */
function createTakeReports({ context, events, hints }: ReportConsumerOptions): TakeReports {
  const { claims, clock, entropy, config } = context;
  const judging = { claims, externalQueues: config.externalQueues };
  const rules = { releasesMax: config.releasesMax, random: entropy.random };

  /** The executor may have missed the first hint: its heartbeat shows that it still runs the attempt. */
  function repeatCancels(cancelled: readonly KnownReport[]): void {
    for (const { run } of cancelled) hints.cancelRequested(run.runId, run.tenantId);
  }
  async function settle(won: readonly WonReport[]): Promise<void> {
    const results = won.flatMap(({ report: { completed }, run, claim }): Unsettled[] =>
      completed === null ? [] : [{ claim, result: reportResult(run, completed, rules), finishedAt: clock.now() }],
    );
    for (let first = 0; first < results.length; first += config.settleRunsMax) {
      const batch = { results: results.slice(first, first + config.settleRunsMax), failures: 0 };
      const fault = await settleBatch({ context, events, hints }, batch);
      if (fault !== null) throw fault;
    }
  }
  async function judge(counts: ReportCounts, reported: readonly ReportEvent[]): Promise<readonly KnownReport[]> {
    const { known, rejected } = await judgeReports(judging, reported);
    for (const { event, why } of rejected) {
      const { runId, attempt } = event.data;
      counts.reject(event, why, { key: reportKey(event), runId, attempt });
    }
    return known;
  }
  async function take(batch: readonly TicklineEvent[]): Promise<readonly RefusedEvent[]> {
    const counts = createReportCounts(context);
    for (const event of batch) if (!isReport(event)) counts.reject(event, "not_a_report", { key: event.id, id: event.id });
    const known = await judge(counts, batch.filter(isReport));
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
    counts.add("taken", renewed.size + won.length);
    counts.add("skipped", skipped.length);
    counts.add("waiting", waiting.length);
    const lostEvents = lost.flatMap(({ report }) => report.events);
    const stillKnown = await judge(counts, lostEvents); // Again: another executor has the attempt now, or it has ended.
    counts.add("lost", stillKnown.length);
    return counts.refused;
  }
  return take;
}

/** A report that the store refuses does not prevent the others. If the store refuses all of them, the batch is rejected and received again. */
async function takeInHalves(batch: readonly TicklineEvent[], take: TakeReports): Promise<readonly RefusedEvent[]> {
  const answered: RefusedEvent[] = [];
  const refused = await inHalves(batch, async (some) => void answered.push(...(await take(some))));
  const [first] = refused;
  if (first !== undefined && refused.length === batch.length) throw first.fault;
  return [...answered, ...refused.map(({ item: event, fault }) => ({ event, reason: `it cannot be taken: ${fault.message}` }))];
}

const isBeating = ({ report: { beating, completed } }: KnownReport): boolean => beating && completed === null;

/** The result of a reported end, by the retry policy of the job and within the limits that our own handlers have. */
function reportResult(run: DueRun, { state, output, error }: EndedRun, rules: AttemptRules): AttemptResult {
  if (state === "cancelled") return { kind: "cancelled" };
  const reported = error === null ? runError("executor_error", "the executor gave no error", true) : toRunError(error);
  const ending = state === "succeeded" ? ({ kind: "returned", value: output } as const) : ({ kind: "refused", error: reported } as const);
  return attemptResult({ run, aborted: null, ending }, rules);
}
