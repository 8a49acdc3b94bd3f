import type { ClaimedRun, DueRun } from "@tickline/shared/domain/due-run";
import type { ClaimOutcome } from "@tickline/shared/ports/run-claims";
import { createBackoff } from "./backoff.ts";
import { claimRuns } from "./claim-runs.ts";
import type { ControlHints } from "./control-hints.ts";
import type { DueInbox } from "./due-inbox.ts";
import type { RefusedRun } from "./due-run-check.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import type { RunEvents } from "./run-events.ts";
import type { RunningAttempt } from "./running-attempt.ts";
import type { SuspectLane } from "./suspect-lane.ts";
import type { WorkerPool } from "./worker-pool.ts";

export interface ClaimerOptions {
  readonly context: Pick<ExecutorContext, "bus" | "claims" | "clock" | "time" | "entropy" | "log" | "config" | "metrics">;
  readonly inbox: DueInbox;
  readonly suspects: SuspectLane;
  readonly pool: WorkerPool;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  readonly events: RunEvents;
  readonly hints: ControlHints;
  /** True while nothing more may be claimed. */
  readonly blocked: () => boolean;
  /** `sentAtMs`: when the write that made the leases was sent, which is when they began at the earliest. */
  readonly onWon: (claims: readonly ClaimedRun[], sentAtMs: number) => void;
}

/** Claims what waits in the inbox: in bulk, and never more than workers are free. */
export interface Claimer {
  pump(): void;
  /** No claim is tried again after this. */
  stop(): void;
}

export function createClaimer(options: ClaimerOptions): Claimer {
  const { context, inbox, suspects, pool, attempts, blocked, onWon } = options;
  const { bus, clock, config } = context;
  const backoff = createBackoff(clock, config);
  const trusted = bus.trusted === true;
  const lastRuns = trusted ? null : context.claims.lastRuns;
  let inFlight = 0;

  function pump(): void {
    while (inFlight < config.claimsInFlightMax && pool.free > 0 && !blocked()) {
      const suspect = suspects.take();
      const part = suspect === null ? inbox.take(Math.min(pool.free, config.claimRunsMax)) : suspectPart(suspect);
      if (part === null) return;
      // An older attempt whose handler is still alive here must end first. The run is offered again.
      const runs = part.runs.filter(({ runId }) => !attempts.has(runId));
      if (runs.length === 0) part.answered([]);
      else void claim(runs).then(part.answered).then(pump);
    }
  }
  function suspectPart(run: DueRun) {
    return { runs: [run], answered: () => (attempts.has(run.runId) ? undefined : suspects.ended(run.runId)) };
  }
  /** Resolves with the runs of which the store refuses what their messages say. */
  async function claim(runs: readonly DueRun[]): Promise<readonly RefusedRun[]> {
    inFlight += 1;
    pool.reserve(runs.length);
    const { outcomes, sentAtMs } = await claimRuns({ context, backoff, lastRuns, trusted }, runs);
    const { won, refused } = concludeClaims(options, runs, outcomes);
    inFlight -= 1;
    if (won.length > 0) onWon(won, sentAtMs);
    pool.release(runs.length - won.length);
    return refused;
  }
  return { pump, stop: () => backoff.stop() };
}

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
