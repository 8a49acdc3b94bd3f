import { runError, type RunError } from "@tickline/shared/domain/run/run-error";
import type { LeaseView, Rescue } from "@tickline/shared/ports/runs/run-leases";

/** What one leader has read of a lease: its expiry, and since when, by its own monotonic clock, that expiry has not changed. */
export interface LeaseSighting {
  readonly expiresAt: number;
  readonly leaseMs: number;
  readonly sinceMs: number;
}

export interface RescuePlan {
  readonly rescues: readonly Rescue[];
  /** What to remember until the next read; leases that are missing were renewed, settled or rescued. */
  readonly sightings: ReadonlyMap<string, LeaseSighting>;
}

/**
 * Decides which attempts have lost their executor. A lease has ended when one leader has read the same expiry for a whole lease
 * by its own monotonic clock, so no wrong clock of another process can end it early.
 */
export function planRescues(
  leases: readonly LeaseView[],
  { seen, monotonicMs, rescuesMax }: { seen: ReadonlyMap<string, LeaseSighting>; monotonicMs: number; rescuesMax: number },
): RescuePlan {
  const rescues: Rescue[] = [];
  const sightings = new Map<string, LeaseSighting>();
  for (const lease of leases) {
    const before = seen.get(lease.runId);
    const sighting =
      before?.expiresAt === lease.expiresAt ? before : { expiresAt: lease.expiresAt, leaseMs: lease.leaseMs, sinceMs: monotonicMs };
    if (lease.ownerGone || monotonicMs - sighting.sinceMs >= lease.leaseMs) {
      const to = decideState(lease, rescuesMax);
      rescues.push({ runId: lease.runId, expiresAt: lease.expiresAt, to, ...describeError(to, lease) });
    } else sightings.set(lease.runId, sighting);
  }
  return { rescues, sightings };
}

/**
 * The sightings to remember where there are too many: those of the shortest leases, which end first, and of equal leases those
 * that were watched for longest. Long leases that are left out are watched when there is room again.
 */
export function shortestLeases(sightings: ReadonlyMap<string, LeaseSighting>, sightingsMax: number): Map<string, LeaseSighting> {
  const order = [...sightings].sort(([, left], [, right]) => left.leaseMs - right.leaseMs || left.sinceMs - right.sinceMs);
  return new Map(order.slice(0, sightingsMax));
}

/** A cancelled run needs none: the run itself names who cancelled it. */
function describeError(to: Rescue["to"], lease: LeaseView): Pick<Rescue, "error"> {
  switch (to) {
    case "failed":
      return { error: rescuedTooOften(lease) };
    case "lost":
      return { error: EXECUTOR_LOST };
    case "due":
    case "cancelled":
      return {};
  }
}

const EXECUTOR_LOST = runError(
  "executor_lost",
  'the executor ended unexpectedly, or was lost, during the attempt: it is unknown whether the attempt acted, and "onUncertain" is "skip"',
  false,
);

/** `rescues` does not count the latest attempt yet. */
const rescuedTooOften = ({ rescues }: LeaseView): RunError =>
  runError(
    "rescued_too_often",
    `the executor ended unexpectedly, or was lost, during ${rescues + 1} attempts of the run: it is not started again`,
    false,
  );

function decideState({ cancelRequested, onUncertain, rescues }: LeaseView, rescuesMax: number): Rescue["to"] {
  if (onUncertain === "skip") return "lost";
  if (cancelRequested) return "cancelled";
  return rescues >= rescuesMax ? "failed" : "due";
}
