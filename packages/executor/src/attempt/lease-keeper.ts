import { AppError } from "@tickline/shared/domain/app-error";
import { HEARTBEAT_RETRY_MS_MAX } from "@tickline/shared/domain/run/lease-limits";
import type { HeartbeatResult, HeldLease } from "@tickline/shared/ports/runs/run-claims";
import { inHalves, type RefusedItem } from "@tickline/shared/runtime/batch/in-halves";
import { createLoop, type Loop } from "@tickline/shared/runtime/service/loop";
import { within } from "@tickline/shared/runtime/within";
import type { ExecutorContext } from "../executor-context.ts";
import type { AttemptDeadlines } from "./attempt-deadlines.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface LeaseKeeperOptions {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "log" | "config">;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  /** Leases of results that are not in the store yet. */
  readonly unsettled: () => HeldLease[];
  readonly deadlines: AttemptDeadlines;
  readonly cancel: (attempt: RunningAttempt) => void;
}

export interface LeaseKeeper extends Loop {
  /** Renews the leases of these attempts at once; the answer names those that are to be cancelled. */
  renewNow(attempts: readonly RunningAttempt[]): Promise<void>;
}

/**
 * Renews the leases of all attempts in bulk, and cancels those whose cancel was requested. A renewal counts from when it was sent; without one, the
 * deadlines end the attempt, whether the store answers or not. A renewal that fails is soon sent again. So is one that is not answered in time,
 * because a statement on a dead connection waits for longer than a lease lasts. An answer that arrives late, as from a slow store, counts too.
 */
export function createLeaseKeeper({ context, attempts, unsettled, deadlines, cancel }: LeaseKeeperOptions): LeaseKeeper {
  const { claims, clock, log, config } = context;
  /** Attempts whose lease is lost: the answer to an older renewal does not restore it. */
  const lost = new WeakSet<RunningAttempt>();

  function applyAnswer(leases: readonly HeldLease[], { renewed, cancelRequested }: HeartbeatResult, sentAtMs: number): void {
    const standing = new Set(renewed);
    for (const { runId, token } of leases) {
      const attempt = attempts.get(runId);
      if (attempt?.claim.token !== token) continue; // It ended before the answer arrived.
      if (!standing.has(runId)) {
        lost.add(attempt);
        attempt.leaseUntilMs = Math.min(attempt.leaseUntilMs, clock.monotonicMs());
      } else if (attempt.claim.leaseMs !== null && !lost.has(attempt)) {
        attempt.leaseUntilMs = Math.max(attempt.leaseUntilMs, sentAtMs + config.leaseMs);
      }
    }
    if (leases.length > standing.size) deadlines.sweep();
    for (const runId of cancelRequested) {
      const attempt = attempts.get(runId);
      if (attempt !== undefined) cancel(attempt);
    }
  }
  /** A renewal that was given up may be applied late, with an earlier expiry. That ends no lease: a scheduler counts from when it read the expiry. */
  async function renew(leases: readonly HeldLease[]): Promise<void> {
    const sentAtMs = clock.monotonicMs();
    const answer = claims.heartbeat({ leases, leaseMs: config.leaseMs, now: clock.now() });
    const late = (): AppError =>
      new AppError("store_unavailable", `renew ${leases.length} leases: no answer within ${config.heartbeatMs} ms`, { retryable: true });
    await within(
      answer.then((result) => applyAnswer(leases, result, sentAtMs)),
      { clock, ms: config.heartbeatMs, late },
    );
  }
  /** A lease that the store refuses does not prevent the renewal of the others. If the store refuses all of them, that is a fault of the round. */
  async function renewAll(leases: readonly HeldLease[]): Promise<void> {
    for (let first = 0; first < leases.length; first += config.heartbeatRunsMax) {
      const batch = leases.slice(first, first + config.heartbeatRunsMax);
      const refused = await inHalves(batch, renew);
      if (refused.length === 0) continue;
      const [{ fault: err }] = refused as [RefusedItem<HeldLease>];
      if (refused.length === batch.length) throw err;
      log.warn({ err, runs: refused.map(({ item }) => item.runId) }, "leases were not renewed: the store refuses them, and not the others");
    }
  }
  /** A lease counts from when its renewal was sent, so the time until the answer is part of the interval. */
  async function runOnce(): Promise<number> {
    const sentAtMs = clock.monotonicMs();
    const leases = [...unsettled()];
    for (const attempt of attempts.values()) leases.push(toLease(attempt));
    await renewAll(leases);
    return Math.max(0, sentAtMs + config.heartbeatMs - clock.monotonicMs());
  }
  return {
    ...createLoop({ name: "heartbeat", clock, log, runOnce, faultMsMax: HEARTBEAT_RETRY_MS_MAX }),
    renewNow: (some) => renewAll(some.map(toLease)),
  };
}

const toLease = ({ claim }: RunningAttempt): HeldLease => ({ runId: claim.run.runId, token: claim.token });
