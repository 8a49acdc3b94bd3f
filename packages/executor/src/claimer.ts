import { createBackoff } from "@tickline/shared/runtime/backoff";
import type { ClaimedRun, DueRun } from "@tickline/shared/domain/due-run";
import type { ClaimOutcome } from "@tickline/shared/ports/run-claims";
import { claimRuns } from "./claim-runs.ts";
import type { ControlHints } from "./control-hints.ts";
import type { DueInbox, DuePart, Workers } from "./due-inbox.ts";
import type { RefusedRun } from "./due-run-check.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import type { Admission } from "./job-lane.ts";
import type { JobWaits } from "./job-waits.ts";
import type { RunEvents } from "./run-events.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import type { SuspectLane } from "./suspect-lane.ts";
import type { Reservation, WorkerPool } from "./worker-pool.ts";

export interface ClaimerOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "config" | "metrics">;
  readonly inbox: DueInbox;
  readonly suspects: SuspectLane;
  readonly jobWaits: JobWaits;
  readonly pool: WorkerPool;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  readonly events: RunEvents;
  readonly hints: ControlHints;
  /** True while nothing more may be claimed. */
  readonly blocked: () => boolean;
  /** `sentAtMs`: when the write that made the leases was sent, which is when they began at the earliest. */
  readonly onWon: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** Claims what waits in the inbox: in bulk, and never more than workers are free for its queue and job. */
export interface Claimer {
  pump(): void;
  /** No claim is tried again after this. */
  stop(): void;
}

export function createClaimer(options: ClaimerOptions): Claimer {
  const { context, inbox, suspects, jobWaits, pool, attempts, blocked, onWon } = options;
  const { bus, clock, config } = context;
  const backoff = createBackoff(clock, { firstMs: config.retryWriteMs, maxMs: config.retryWriteMsMax });
  const trusted = bus.trusted === true;
  const lastRuns = trusted ? null : context.claims.lastRuns;
  const workers: Workers = {
    hasRoom: (queue) => pool.free(queue) > 0,
    isJobFull: pool.isJobFull,
    // An older attempt whose handler is still alive here must end first. The run is offered again.
    admit: (run) => (attempts.has(run.runId) ? "drop" : ADMISSIONS[pool.reserve(run)]),
  };
  let inFlight = 0;

  function pump(): void {
    while (inFlight < config.claimsInFlightMax && !blocked()) {
      const suspect = suspects.take((run) => attempts.has(run.runId) || pool.reserve(run) === "reserved");
      if (suspect !== null) {
        claimSuspect(suspect);
        continue;
      }
      const taken = inbox.take(config.claimRunsMax, workers);
      if (taken === null) return;
      const { claimable, jobFull } = taken;
      if (jobFull.runs.length > 0) void jobWaits.hold(jobFull.runs).then(jobFull.answered);
      if (claimable.runs.length > 0) claimPart(claimable);
    }
  }
  function claimSuspect(run: DueRun): void {
    const answered = (): void => (attempts.has(run.runId) ? undefined : suspects.ended(run.runId));
    if (!attempts.has(run.runId)) claimPart({ runs: [run], answered });
  }
  function claimPart({ runs, answered }: DuePart): void {
    void claim(runs).then(answered).then(pump);
  }
  /** Resolves with the runs of which the store refuses what their messages say. Each has its worker. */
  async function claim(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    inFlight += 1;
    const { outcomes, sentAtMs } = await claimRuns({ context, backoff, lastRuns, trusted }, runs);
    const { won, refused } = concludeClaims(options, runs, outcomes);
    inFlight -= 1;
    if (won.length > 0) onWon(won, sentAtMs);
    if (won.length < runs.length) pool.release(runs.filter((_, index) => outcomes[index]?.kind !== "won"));
    return refused;
  }
  return { pump, stop: () => backoff.stop() };
}

const ADMISSIONS: Readonly<Record<Reservation, Admission>> = { reserved: "claim", job_full: "job_full", queue_full: "queue_full" };

/** Counts what became of the claims, and publishes what others have to know. */
function concludeClaims(
  { context: { metrics }, events, hints }: Pick<ClaimerOptions, "context" | "events" | "hints">,
  runs: readonly DueRun[],
  outcomes: readonly ClaimOutcome[],
): { readonly won: readonly ClaimedRun[]; readonly refused: readonly RefusedRun[] } {
  const won: ClaimedRun[] = [];
  const refused: RefusedRun[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const run = runs[index];
    if (outcome.kind !== "refused") metrics.claims[outcome.kind].inc(); // Those are counted with their messages.
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
