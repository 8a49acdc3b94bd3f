import { toAppError } from "@tickline/shared/domain/app-error";
import type { Instant } from "@tickline/shared/domain/instant";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { LastRun } from "@tickline/shared/domain/run";
import type { ClaimOutcome, RunClaims } from "@tickline/shared/ports/run-claims";
import type { Backoff } from "./backoff.ts";
import type { ExecutorContext } from "./executor-deps.ts";

export interface ClaimContext {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "entropy" | "log" | "config"> & {
    readonly time: Pick<ExecutorContext["time"], "decide">;
  };
  readonly backoff: Backoff;
  /** Where messages may come from others: the store's word of the last runs of jobs, which stands instead of that of the messages. */
  readonly lastRuns?: RunClaims["lastRuns"] | null;
}

/** A claim that the store answers with anything but "away" is given up after so many tries; the scheduler offers its runs again. */
const FAULTY_TRIES_MAX = 5;

export interface ClaimedRuns {
  /** Empty: given up. */
  readonly outcomes: readonly ClaimOutcome[];
  /** When the first write that won any of them was sent, by the monotonic clock: their leases began then at the earliest. */
  readonly sentAtMs: number;
}

/** Asks until the store answers, by a clock that is steady: a claim whose answer was lost may have been won, and the same token finds out. */
export async function claimRuns({ context, backoff, lastRuns = null }: ClaimContext, runs: readonly DueRun[]): Promise<ClaimedRuns> {
  const { claims, clock, time, entropy, log, config } = context;
  const firstSentAtMs = clock.monotonicMs();
  /** By the time that each try says, which is that of the attempts it starts. */
  const sentAtMs = new Map<Instant, number>();
  const startOf = (outcome: ClaimOutcome): number =>
    outcome.kind === "won" ? (sentAtMs.get(outcome.claim.startedAt) ?? firstSentAtMs) : Infinity;
  const claimant = { executor: config.executorId, token: entropy.newToken(), leaseMs: config.leaseMs };
  const givenUp: ClaimedRuns = { outcomes: [], sentAtMs: firstSentAtMs };
  for (let failures = 1; ; failures += 1) {
    try {
      const now = time.decide();
      if (!sentAtMs.has(now)) sentAtMs.set(now, clock.monotonicMs());
      const claiming = claims.claim({ runs, claimant, now, firedAfter: now - config.retentionMs });
      const [outcomes, known] = await Promise.all([claiming, lastRuns?.([...new Set(runs.map(({ jobUid }) => jobUid))])]);
      return { outcomes: known === undefined ? outcomes : outcomes.map(withLastRun(known)), sentAtMs: Math.min(...outcomes.map(startOf)) };
    } catch (thrown) {
      const fault = toAppError(thrown, `claim ${runs.length} runs, ${runs[0]?.runId} first`);
      log.warn({ err: fault, runs: runs.length, failures }, "runs were not claimed");
      if (!fault.retryable && failures >= FAULTY_TRIES_MAX) return givenUp;
      if (!(await backoff.wait(failures))) return givenUp;
    }
  }
}

const withLastRun =
  (known: ReadonlyMap<string, LastRun>) =>
  (outcome: ClaimOutcome): ClaimOutcome => {
    if (outcome.kind !== "won") return outcome;
    const { run } = outcome.claim;
    return { kind: "won", claim: { ...outcome.claim, run: { ...run, lastRun: known.get(run.jobUid) ?? null } } };
  };
