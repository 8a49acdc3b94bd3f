import type { ClaimedRun } from "../domain/run/due-run.ts";
import type { RunIdentity } from "../domain/run/run.ts";

/** Claims of this process kept at most. Beyond it the oldest are forgotten, and their settlements read the row. */
const HELD_MAX = 20_000;

/** A claim, with what is announced of its run at its end. */
export interface HeldClaim extends Pick<ClaimedRun, "token" | "startedAt"> {
  readonly run: RunIdentity & Pick<ClaimedRun["run"], "attempt">;
}

/**
 * What this process has claimed and not settled: an end can so be returned without reading the row back, which would cost
 * as much as writing it. Only a matched compare-and-set on the same token makes use of it.
 */
export interface HeldClaims {
  add(claim: HeldClaim): void;
  get(runId: string, token: string): HeldClaim | undefined;
  delete(runId: string): void;
}

export function createHeldClaims(): HeldClaims {
  const held = new Map<string, HeldClaim>();
  return {
    add(claim) {
      held.delete(claim.run.runId);
      if (held.size >= HELD_MAX) for (const oldest of held.keys()) if (held.delete(oldest)) break;
      held.set(claim.run.runId, claim);
    },
    get(runId, token) {
      const claim = held.get(runId);
      return claim?.token === token ? claim : undefined;
    },
    delete: (runId) => void held.delete(runId),
  };
}
