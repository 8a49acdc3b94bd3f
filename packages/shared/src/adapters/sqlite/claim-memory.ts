import type { DueRun } from "../../domain/due-run.ts";
import type { RunState } from "../../domain/run-state.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { ClaimOutcome, Settlement } from "../../ports/run-claims.ts";
import type { FireRequest, FireResult } from "../../ports/due-jobs.ts";

/** What never changes of a run that was claimed through this process. */
interface ClaimedFacts {
  readonly run: Omit<
    DueRun,
    "slot" | "failures" | "rescues" | "firstStartedAt" | "exclusive" | "params" | "timeoutMs" | "retry" | "onUncertain" | "lastRun"
  >;
  readonly token: string;
  readonly startedAt: number;
}

/**
 * The runs this process has claimed and not yet settled, so that the answer to a settlement need not carry all of the
 * run back between the threads. Losing an entry costs a longer answer, nothing else.
 */
export interface ClaimMemory {
  fired(request: FireRequest, result: FireResult): void;
  claimed(outcomes: readonly ClaimOutcome[]): void;
  knows(settlement: Settlement): boolean;
  /** The run as this settlement has ended it; it is forgotten. */
  ended(settlement: Settlement, state: RunState): EndedRun | null;
  forget(runId: string): void;
}

/** More runs than any process runs at once: beyond it the oldest are forgotten. */
const CLAIMS_MAX = 50_000;

export function createClaimMemory(): ClaimMemory {
  const claims = new Map<string, ClaimedFacts>();

  function remember(facts: ClaimedFacts): void {
    claims.set(facts.run.runId, facts);
    if (claims.size <= CLAIMS_MAX) return;
    const [oldest] = claims.keys();
    if (oldest !== undefined) claims.delete(oldest);
  }
  return {
    fired({ fires, claimant, claimed, now }, { outcomes }) {
      if (claimant === null) return;
      for (const index of claimed) {
        const [fire, outcome] = [fires[index], outcomes[index]];
        if (fire === undefined || outcome?.kind !== "won") continue;
        const place = outcome.runs.findIndex((run) => run.claimed);
        const [entry, fired] = [fire.entries[place], outcome.runs[place]];
        const { job } = fire;
        if (entry === undefined || fired === undefined || entry.definitionHash !== job.definitionHash) continue;
        const { cause, scheduledFor } = entry;
        const { tenantId, uid, id, version, definition } = job;
        const { queue, handler } = definition;
        const run = {
          tenantId,
          runId: fired.runId,
          jobUid: uid,
          jobId: id,
          jobVersion: version,
          queue,
          handler,
          cause,
          scheduledFor,
          attempt: 1,
        };
        remember({ run, token: claimant.token, startedAt: now });
      }
    },
    claimed(outcomes) {
      for (const outcome of outcomes) {
        if (outcome.kind !== "won") continue;
        const { run, token, startedAt } = outcome.claim;
        remember({ run, token, startedAt });
      }
    },
    knows: ({ runId, token }) => claims.get(runId)?.token === token,
    ended({ runId, result, finishedAt }, state) {
      const facts = claims.get(runId);
      if (facts === undefined) return null;
      claims.delete(runId);
      const { tenantId, jobUid, jobId, jobVersion, queue, handler, cause, scheduledFor, attempt } = facts.run;
      return {
        tenantId,
        runId,
        jobUid,
        jobId,
        jobVersion,
        queue,
        handler,
        cause,
        scheduledFor,
        count: 1,
        scheduledForLast: null,
        attempt,
        state,
        reason: null,
        startedAt: facts.startedAt,
        finishedAt,
        output: result.kind === "succeeded" ? result.output : null,
        error: result.kind === "failed" ? result.error : null,
      };
    },
    forget: (runId) => void claims.delete(runId),
  };
}
