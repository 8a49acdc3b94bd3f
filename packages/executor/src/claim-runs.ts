import { toAppError } from "@tickline/shared/domain/app-error";
import type { Instant } from "@tickline/shared/domain/instant";
import type { DueRun } from "@tickline/shared/domain/due-run";
import type { LastRun } from "@tickline/shared/domain/run";
import type { ClaimOutcome, RunClaims } from "@tickline/shared/ports/run-claims";
import { inHalves, passes } from "@tickline/shared/runtime/in-halves";
import type { Backoff } from "@tickline/shared/runtime/backoff";
import type { ExecutorContext } from "./executor-deps.ts";

export interface ClaimContext {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "entropy" | "log" | "config"> & {
    readonly time: Pick<ExecutorContext["time"], "decide">;
  };
  readonly backoff: Pick<Backoff, "wait">;
  /** Where messages may come from others: the store's word of the last runs of jobs, which stands instead of that of the messages. */
  readonly lastRuns?: RunClaims["lastRuns"] | null;
  /** As in `ClaimRequest`. */
  readonly trusted?: boolean;
}

/** A claim of one run that the store answers with anything but "away" is given up after so many tries; the scheduler offers it again. */
const FAULTY_TRIES_MAX = 5;
const LOST: ClaimOutcome = { kind: "lost" };

export interface ClaimedRuns {
  /** In the order of the runs. Empty: given up. */
  readonly outcomes: readonly ClaimOutcome[];
  /** When the first write that won any of them was sent, by the monotonic clock: their leases began then at the earliest. */
  readonly sentAtMs: number;
}

/**
 * Asks until the store answers, by a clock that is steady: a claim whose answer was lost may have been won, and the same token finds out. A batch that the store refuses is
 * claimed in halves, so that one run that it refuses keeps no other from being claimed; that one counts as lost.
 */
export async function claimRuns(
  { context, backoff, lastRuns = null, trusted = false }: ClaimContext,
  runs: readonly DueRun[],
): Promise<ClaimedRuns> {
  const { claims, clock, time, entropy, log, config } = context;
  const firstSentAtMs = clock.monotonicMs();
  /** By the time that each try says, which is that of the attempts it starts. */
  const sentAtMs = new Map<Instant, number>();
  const startOf = (outcome: ClaimOutcome): number =>
    outcome.kind === "won" ? (sentAtMs.get(outcome.claim.startedAt) ?? firstSentAtMs) : Infinity;
  const claimant = { executor: config.executorId, token: entropy.newToken(), leaseMs: config.leaseMs };
  const outcomes = new Map<DueRun, ClaimOutcome>();

  async function claimSome(some: readonly DueRun[]): Promise<void> {
    for (let failures = 1; ; failures += 1) {
      try {
        const now = time.decide();
        if (!sentAtMs.has(now)) sentAtMs.set(now, clock.monotonicMs());
        const claiming = claims.claim({ runs: some, claimant, now, firedAfter: now - config.retentionMs, trusted });
        const [claimed, known] = await Promise.all([claiming, lastRuns?.([...new Set(some.map(({ jobUid }) => jobUid))])]);
        const told = known === undefined ? claimed : claimed.map(withLastRun(known));
        for (const [index, outcome] of told.entries()) outcomes.set(some[index] as DueRun, outcome);
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
  return { outcomes: runs.map((run) => outcomes.get(run) ?? LOST), sentAtMs: Math.min(...[...outcomes.values()].map(startOf)) };
}

const withLastRun =
  (known: ReadonlyMap<string, LastRun>) =>
  (outcome: ClaimOutcome): ClaimOutcome => {
    if (outcome.kind !== "won") return outcome;
    const { run } = outcome.claim;
    return { kind: "won", claim: { ...outcome.claim, run: { ...run, lastRun: known.get(run.jobUid) ?? null } } };
  };
