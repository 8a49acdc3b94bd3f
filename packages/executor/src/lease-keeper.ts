import { AppError } from "@tickline/shared/domain/app-error";
import { HEARTBEAT_RETRY_MS_MAX } from "@tickline/shared/domain/lease-limits";
import type { HeartbeatResult, HeldLease } from "@tickline/shared/ports/run-claims";
import { createLoop, type Loop } from "@tickline/shared/runtime/loop";
import { within } from "@tickline/shared/runtime/within";
import type { AttemptDeadlines } from "./attempt-deadlines.ts";
import type { ExecutorContext } from "./executor-deps.ts";
import type { RunningAttempt } from "./running-attempt.ts";

export interface LeaseKeeperOptions {
  readonly context: Pick<ExecutorContext, "claims" | "clock" | "log" | "config">;
  readonly attempts: ReadonlyMap<string, RunningAttempt>;
  /** Leases of results that are not written yet. */
  readonly unsettled: () => HeldLease[];
  readonly deadlines: AttemptDeadlines;
  readonly cancel: (attempt: RunningAttempt) => void;
}

export interface LeaseKeeper extends Loop {
  /** Renews the leases of these attempts at once, and so learns whether somebody wants them cancelled. */
  renewNow(attempts: readonly RunningAttempt[]): Promise<void>;
}

/**
 * Renews the leases of all attempts in bulk, and learns which of them somebody wants cancelled. A renewal counts from
 * when it was sent; without one, the deadlines end the attempt, whether the store answers or not. One that fails is soon
 * sent again, and one that is not answered is given up and sent anew: on a connection that is dead a statement waits for longer
 * than a lease lasts.
 */
export function createLeaseKeeper({ context, attempts, unsettled, deadlines, cancel }: LeaseKeeperOptions): LeaseKeeper {
  const { claims, clock, log, config } = context;

  /** Given up, it may still be applied: with an older end than the next one, which ends nothing early, as no clock ends a lease. */
  function send(leases: readonly HeldLease[]): Promise<HeartbeatResult> {
    const late = (): AppError =>
      new AppError("store_unavailable", `renew ${leases.length} leases: no answer within ${config.heartbeatMs} ms`, { retryable: true });
    const answer = claims.heartbeat({ leases, leaseMs: config.leaseMs, now: clock.now() });
    return within(answer, { clock, ms: config.heartbeatMs, late });
  }
  async function renew(leases: readonly HeldLease[]): Promise<void> {
    const sentAtMs = clock.monotonicMs();
    const { renewed, cancelRequested } = await send(leases);
    const standing = new Set(renewed);
    for (const { runId, token } of leases) {
      const attempt = attempts.get(runId);
      if (attempt?.claim.token !== token) continue; // Ended while the answer was on its way.
      if (!standing.has(runId)) attempt.leaseUntilMs = Math.min(attempt.leaseUntilMs, clock.monotonicMs());
      else if (attempt.claim.leaseMs !== null) attempt.leaseUntilMs = sentAtMs + config.leaseMs;
    }
    if (leases.length > standing.size) deadlines.sweep();
    for (const runId of cancelRequested) {
      const attempt = attempts.get(runId);
      if (attempt !== undefined) cancel(attempt);
    }
  }
  async function runOnce(): Promise<number> {
    const leases = [...unsettled()];
    for (const attempt of attempts.values()) leases.push(leaseOf(attempt));
    for (let first = 0; first < leases.length; first += config.heartbeatRunsMax) {
      await renew(leases.slice(first, first + config.heartbeatRunsMax));
    }
    return config.heartbeatMs;
  }
  return {
    ...createLoop({ name: "heartbeat", clock, log, runOnce, faultMsMax: HEARTBEAT_RETRY_MS_MAX }),
    async renewNow(some) {
      for (let first = 0; first < some.length; first += config.heartbeatRunsMax) {
        await renew(some.slice(first, first + config.heartbeatRunsMax).map(leaseOf));
      }
    },
  };
}

const leaseOf = ({ claim }: RunningAttempt): HeldLease => ({ runId: claim.run.runId, token: claim.token });
