import type { Instant } from "@tickline/shared/domain/time/instant";
import { readLeaseToken } from "./lease-token.ts";

export interface HeldAttempt {
  readonly runId: string;
  readonly token: string;
}

/** Leases that one write renews: of one length, and none of them of the same run as another. */
export interface RenewalGroup {
  readonly leaseMs: number;
  readonly attempts: readonly HeldAttempt[];
}

export interface HeartbeatPlan {
  readonly renewals: readonly RenewalGroup[];
  /** Of those that are renewed, the attempts that are over their time: their executor is asked to end them. */
  readonly overTime: ReadonlySet<HeldAttempt>;
  /** They were asked to end, and did not: they have failed. */
  readonly timedOut: readonly HeldAttempt[];
}

/** What a heartbeat does with each attempt. Those whose tokens no claim has made are left out: nobody has them. */
export function planHeartbeat(attempts: readonly HeldAttempt[], now: Instant, graceMs: number): HeartbeatPlan {
  const groups = new Map<string, { readonly leaseMs: number; readonly attempts: HeldAttempt[] }>();
  const times = new Map<string, number>();
  const overTime = new Set<HeldAttempt>();
  const timedOut: HeldAttempt[] = [];
  for (const attempt of attempts) {
    const terms = readLeaseToken(attempt.token);
    if (terms === null) continue;
    if (now >= terms.timeoutAt + graceMs) {
      timedOut.push(attempt);
      continue;
    }
    if (now >= terms.timeoutAt) overTime.add(attempt);
    const before = times.get(attempt.runId) ?? 0; // The answer of a renewal names runs, not attempts.
    times.set(attempt.runId, before + 1);
    const key = `${terms.leaseMs} ${before}`;
    const group = groups.get(key) ?? { leaseMs: terms.leaseMs, attempts: [] };
    groups.set(key, group);
    group.attempts.push(attempt);
  }
  return { renewals: [...groups.values()], overTime, timedOut };
}
