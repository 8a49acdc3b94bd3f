import { toAppError } from "@tickline/shared/domain/app-error";
import type { DueRun } from "@tickline/shared/domain/run/due-run";
import type { Instant } from "@tickline/shared/domain/time/instant";
import type { LastRun } from "@tickline/shared/domain/run/run";
import type { ClaimOutcome } from "@tickline/shared/ports/runs/run-claims";
import type { Backoff } from "@tickline/shared/runtime/backoff";
import { inHalves, passes } from "@tickline/shared/runtime/batch/in-halves";
import type { ExecutorContext } from "../executor-context.ts";

export interface ClaimContext {
  readonly context: Pick<ExecutorContext, "clock" | "entropy" | "log" | "config"> & {
    readonly bus: Pick<ExecutorContext["bus"], "trusted">;
    readonly claims: Pick<ExecutorContext["claims"], "claim" | "lastRuns">;
    readonly time: Pick<ExecutorContext["time"], "decide">;
  };
  readonly backoff: Pick<Backoff, "wait">;
}

/** A claim of one run that fails so often, while the store is available, is given up; the scheduler publishes the run again. */
const FAULTY_TRIES_MAX = 5;
const LOST: ClaimOutcome = { kind: "lost" };

export interface ClaimedRuns {
  /** In the order of the runs. Empty: given up. */
  readonly outcomes: readonly ClaimOutcome[];
  /** When the first write that won any of them was sent, by the monotonic clock: their leases began then at the earliest. */
  readonly sentAtMs: number;
}

/**
 * Tries until the store answers. A claim whose answer was lost may have been won, so each try has the same token. Nothing is claimed while the clock
 * is not steady. A batch that the store refuses is claimed in halves, so that one run that it refuses does not prevent the others; that run counts as
 * lost.
 */
export async function claimRuns({ context, backoff }: ClaimContext, runs: readonly DueRun[]): Promise<ClaimedRuns> {
  const { bus, claims, clock, time, entropy, log, config } = context;
  const trusted = bus.trusted === true;
  const firstSentAtMs = clock.monotonicMs();
  /** By the `now` of each try, which is the `startedAt` of the attempts that it wins. */
  const sentAtMs = new Map<Instant, number>();
  const toStartMs = (outcome: ClaimOutcome): number =>
    outcome.kind === "won" ? (sentAtMs.get(outcome.claim.startedAt) ?? firstSentAtMs) : Infinity;
  const claimant = { executor: config.executorId, token: entropy.newToken(), leaseMs: config.leaseMs };
  const outcomes = new Map<DueRun, ClaimOutcome>();

  async function claimSome(some: readonly DueRun[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        const now = time.decide();
        if (!sentAtMs.has(now)) sentAtMs.set(now, clock.monotonicMs());
        const claiming = claims.claim({ runs: some, claimant, now, firedAfter: now - config.retentionMs, trusted });
        // Where others may publish too, the last runs of jobs are those of the store, not those of the messages.
        const lastRuns = trusted ? null : claims.lastRuns([...new Set(some.map(({ jobUid }) => jobUid))]);
        const [claimed, known] = await Promise.all([claiming, lastRuns]);
        const answers = known === null ? claimed : claimed.map(withLastRun(known));
        for (const [index, outcome] of answers.entries()) outcomes.set(some[index] as DueRun, outcome);
        return;
      } catch (thrown) {
        const fault = toAppError(thrown, `claim ${some.length} runs, ${some[0]?.runId} first`);
        log.warn({ err: fault, runs: some.length, failures }, "runs were not claimed");
        if (!passes(fault) && (runs.length > 1 || failures >= FAULTY_TRIES_MAX)) throw fault;
        if (!(await backoff.wait(failures))) return;
      }
    }
  }
  await inHalves(runs, claimSome);
  if (outcomes.size === 0) return { outcomes: [], sentAtMs: firstSentAtMs };
  return { outcomes: runs.map((run) => outcomes.get(run) ?? LOST), sentAtMs: Math.min(...[...outcomes.values()].map(toStartMs)) };
}

const withLastRun =
  (known: ReadonlyMap<string, LastRun>) =>
  (outcome: ClaimOutcome): ClaimOutcome => {
    if (outcome.kind !== "won") return outcome;
    const { run } = outcome.claim;
    return { kind: "won", claim: { ...outcome.claim, run: { ...run, lastRun: known.get(run.jobUid) ?? null } } };
  };
