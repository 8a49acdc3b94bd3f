import { toAppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { ClaimOutcome } from "@tickline/shared/ports/run-claims";
import type { Backoff } from "./backoff.ts";
import type { ExecutorContext } from "./executor-deps.ts";

export interface ClaimContext {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "entropy" | "log" | "config">;
  readonly backoff: Backoff;
}

/** A claim that the store answers with anything but "away" is given up after so many tries; the scheduler offers its runs again. */
const FAULTY_TRIES_MAX = 5;

/**
 * Asks until the store answers: a claim whose answer was lost may have been won, and the same token finds out. Empty:
 * given up.
 */
export async function claimRuns({ context, backoff }: ClaimContext, runs: readonly DueRun[]): Promise<readonly ClaimOutcome[]> {
  const { claims, clock, entropy, log, config } = context;
  const claimant = { executor: config.executorId, token: entropy.newToken(), leaseMs: config.leaseMs };
  for (let failures = 1; ; failures += 1) {
    try {
      const now = clock.now();
      return await claims.claim({ runs, claimant, now, firedAfter: now - config.retentionMs });
    } catch (thrown) {
      const fault = toAppError(thrown, `claim ${runs.length} runs, ${runs[0]?.runId} first`);
      log.warn({ err: fault, runs: runs.length, failures }, "runs were not claimed");
      if (!fault.retryable && failures >= FAULTY_TRIES_MAX) return [];
      if (!(await backoff.wait(failures))) return [];
    }
  }
}
