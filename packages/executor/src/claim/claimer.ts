import { createBackoff } from "@tickline/shared/runtime/backoff";
import type { ClaimedRun, DueRun } from "@tickline/shared/domain/run/due-run";
import type { ClaimOutcome } from "@tickline/shared/ports/runs/run-claims";
import type { RunningAttempt } from "../attempt/running-attempt.ts";
import type { ExecutorContext } from "../executor-context.ts";
import type { DueInbox, DuePart, RefusedRun, Workers } from "../intake/due-inbox.ts";
import type { FullJobs } from "../intake/full-jobs.ts";
import type { Admission } from "../intake/held-runs.ts";
import type { Quarantine } from "../intake/quarantine.ts";
import type { ControlHints } from "../publish/control-hints.ts";
import type { RunEvents } from "../publish/run-events.ts";
import { claimRuns } from "./claim-runs.ts";
import type { Reservation, WorkerPool } from "./worker-pool.ts";

export interface ClaimerOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "config" | "metrics">;
  readonly inbox: DueInbox;
  readonly quarantine: Quarantine;
  readonly fullJobs: FullJobs;
  readonly pool: WorkerPool;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  readonly events: RunEvents;
  readonly hints: ControlHints;
  /** True while nothing more may be claimed. */
  readonly blocked: () => boolean;
  /** `sentAtMs`: when the write that made the leases was sent, which is when they began at the earliest. */
  readonly onWon: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** Claims the runs that wait in the inbox and the quarantine: in bulk, and never more than workers are free for its queue and job. */
export interface Claimer {
  pump(): void;
  /** No claim is tried again after this. */
  stop(): void;
}

export function createClaimer(options: ClaimerOptions): Claimer {
  const { context, inbox, quarantine, fullJobs, pool, attempts, blocked, onWon } = options;
  const { clock, config } = context;
  const backoff = createBackoff(clock, { firstMs: config.retryWriteMs, maxMs: config.retryWriteMsMax });
  const workers: Workers = {
    hasRoom: (queue) => pool.free(queue) > 0,
    isJobFull: pool.isJobFull,
    // An older attempt whose handler still runs here must end first. The scheduler publishes the run again.
    admit: (run) => (attempts.has(run.runId) ? "drop" : ADMISSIONS[pool.reserve(run)]),
  };
  let inFlight = 0;

  function pump(): void {
    while (inFlight < config.claimsInFlightMax && !blocked()) {
      const quarantined = quarantine.take((run) => attempts.has(run.runId) || pool.reserve(run) === "reserved");
      if (quarantined !== null) {
        claimAlone(quarantined);
        continue;
      }
      const taken = inbox.take(config.claimRunsMax, workers);
      if (taken === null) return;
      const { claimable, jobFull } = taken;
      if (jobFull.runs.length > 0) void fullJobs.holdOrDefer(jobFull.runs).then(jobFull.answered);
      if (claimable.runs.length > 0) claimPart(claimable);
    }
  }
  function claimAlone(run: DueRun): void {
    const answered = (): void => (attempts.has(run.runId) ? undefined : quarantine.onEnded(run.runId));
    if (!attempts.has(run.runId)) claimPart({ runs: [run], answered });
  }
  function claimPart({ runs, answered }: DuePart): void {
    void claim(runs).then(answered).then(pump);
  }
  /** Each run has its worker. Resolves with the runs whose messages the store contradicts. */
  async function claim(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    inFlight += 1;
    const { outcomes, sentAtMs } = await claimRuns({ context, backoff }, runs);
    const { won, refused } = publishOutcomes(options, runs, outcomes);
    inFlight -= 1;
    if (won.length > 0) onWon(won, sentAtMs);
    if (won.length < runs.length) pool.release(runs.filter((_, index) => outcomes[index]?.kind !== "won"));
    return refused;
  }
  return { pump, stop: backoff.stop };
}

const ADMISSIONS: Readonly<Record<Reservation, Admission>> = { reserved: "claim", job_full: "job_full", queue_full: "queue_full" };

/** Counts the outcomes, and publishes those that concern others. */
function publishOutcomes(
  { context: { metrics }, events, hints }: Pick<ClaimerOptions, "context" | "events" | "hints">,
  runs: readonly DueRun[],
  outcomes: readonly ClaimOutcome[],
): { readonly won: readonly ClaimedRun[]; readonly refused: readonly RefusedRun[] } {
  const won: ClaimedRun[] = [];
  const refused: RefusedRun[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const run = runs[index];
    if (outcome.kind !== "refused") metrics.claims[outcome.kind].inc(); // Refused runs are counted with their messages.
    if (outcome.kind === "won") won.push(outcome.claim);
    else if (outcome.kind === "skipped") events.ended(outcome.run);
    else if (outcome.kind === "refused" && run !== undefined) refused.push({ run, reason: outcome.reason });
    else if (outcome.kind === "waiting") {
      for (const superseded of outcome.superseded) events.ended(superseded);
      if (outcome.cancelRequested !== null && run !== undefined) hints.cancelRequested(outcome.cancelRequested, run.tenantId);
    }
  }
  return { won, refused };
}
