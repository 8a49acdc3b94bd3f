import type { ClaimedRun, DueRun } from "@tickline/shared/domain/run/due-run";
import type { AttemptResult } from "@tickline/shared/domain/run/settlement";
import { runEnded } from "@tickline/shared/events/job-ended";
import { jobRetrying } from "@tickline/shared/events/job-retrying";
import type { TicklineEvent } from "@tickline/shared/events/event";
import type { Settlement, SettleOutcome } from "@tickline/shared/ports/runs/run-claims";
import { inHalves } from "@tickline/shared/runtime/batch/in-halves";
import type { ApiContext } from "../api-context.ts";
import { readLeaseToken } from "./lease-token.ts";
import { reportedResult, type ReportedEnd } from "./reported-result.ts";

export interface ReportedAttempt {
  readonly runId: string;
  readonly token: string;
  readonly end: ReportedEnd;
}

/** `refused`: the store does not write this result, whatever else it writes. */
export type AttemptOutcome = SettleOutcome | { readonly kind: "refused"; readonly detail: string };

export type SettleContext = Pick<ApiContext, "claims" | "clock" | "entropy" | "config" | "notices">;

interface Report extends ReportedAttempt {
  /** As the store has it; null: it has ended, or is unknown. */
  readonly run: DueRun | null;
  readonly result: AttemptResult;
}

const STALE: SettleOutcome = { kind: "stale" };

/**
 * Settles attempts with the settle of every executor, which compares the token of each. Repeating it is safe. Rejects while the store is unavailable:
 * then some may have been settled. Answers in the order of the attempts.
 */
export async function settleAttempts(context: SettleContext, attempts: readonly ReportedAttempt[]): Promise<readonly AttemptOutcome[]> {
  const { claims, entropy, config } = context;
  const known = attempts.filter(({ token }) => readLeaseToken(token) !== null);
  const read = known.length === 0 ? [] : await claims.read([...new Set(known.map(({ runId }) => runId))]);
  const runs = new Map(read.map((run) => [run.runId, run]));
  const rules = { releasesMax: config.releasesMax, random: entropy.random };
  const reports = known.map((attempt): Report => {
    const run = runs.get(attempt.runId) ?? null;
    return { ...attempt, run, result: reportedResult(run, attempt.end, rules) };
  });
  const outcomes = await settleReports(context, reports);
  const byAttempt = new Map(reports.map((report, index) => [known[index], outcomes.get(report) ?? STALE]));
  return attempts.map((attempt) => byAttempt.get(attempt) ?? STALE);
}

/** Runs that nobody has begun to execute are due again at once. */
export async function giveBack(context: SettleContext, claimed: readonly ClaimedRun[]): Promise<void> {
  const result: AttemptResult = { kind: "released" };
  const reports = claimed.map(({ run, token }): Report => ({ runId: run.runId, token, run, end: { state: "released" }, result }));
  await settleReports(context, reports);
}

async function settleReports(context: SettleContext, reports: readonly Report[]): Promise<ReadonlyMap<Report, AttemptOutcome>> {
  const { claims, clock } = context;
  const outcomes = new Map<Report, AttemptOutcome>();
  const refused = await inHalves(reports, async (some) => {
    const now = clock.now();
    const settlements = some.map(({ runId, token, result }): Settlement => ({ runId, token, result, finishedAt: now }));
    const answers = await claims.settle({ settlements, now });
    for (const [index, report] of some.entries()) outcomes.set(report, answers[index] ?? STALE);
  });
  for (const { item, fault } of refused) outcomes.set(item, { kind: "refused", detail: fault.message });
  publishOutcomes(context, outcomes);
  return outcomes;
}

function publishOutcomes({ clock, notices }: SettleContext, outcomes: ReadonlyMap<Report, AttemptOutcome>): void {
  const events: TicklineEvent[] = [];
  const ready = new Set<string>();
  for (const [report, outcome] of outcomes) {
    if (outcome.kind === "stale" || outcome.kind === "refused") continue;
    if (outcome.ready !== undefined) ready.add(outcome.ready);
    if (outcome.kind === "ended") events.push(runEnded(outcome.run, "tickline/api"));
    else if (outcome.kind === "retrying") events.push(...retryEvents(report, { retryAt: outcome.retryAt, time: clock.now() }));
    else if (report.run !== null) ready.add(report.run.queue);
  }
  notices.attempts(events);
  for (const queue of ready) notices.runsReady(queue);
}

/** The scheduler wakes by it at that instant. A repeated report, of which the run is known no more as it was, needs none. */
function retryEvents(
  { run, token, result }: Report,
  { retryAt, time }: { readonly retryAt: number; readonly time: number },
): TicklineEvent[] {
  const terms = readLeaseToken(token);
  if (run === null || terms === null || result.kind !== "retry") return [];
  return [jobRetrying(run, { retryAt, error: result.error, time, startedAt: terms.startedAt })];
}
