import type { DueRun } from "../../domain/due-run.ts";
import type { Fire } from "../../domain/fire.ts";
import type { RunState } from "../../domain/run-state.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import type { ClaimOutcome, Settlement } from "../../ports/run-claims.ts";
import type { FireOutcome, FireRequest, FireResult } from "../../ports/due-jobs.ts";

/** What never changes of a run that was claimed through this process. */
interface ClaimedFacts {
  readonly run: Omit<
    DueRun,
    | "slot"
    | "failures"
    | "rescues"
    | "firstStartedAt"
    | "exclusive"
    | "params"
    | "timeoutMs"
    | "retry"
    | "onUncertain"
    | "workersMax"
    | "lastRun"
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
        const run = claimedBy(fires[index], outcomes[index]);
        if (run !== null) remember({ run, token: claimant.token, startedAt: now });
      }
    },
    claimed(outcomes) {
      for (const outcome of outcomes) if (outcome.kind === "won") remember(outcome.claim);
    },
    knows: ({ runId, token }) => claims.get(runId)?.token === token,
    ended(settlement, state) {
      const facts = claims.get(settlement.runId);
      claims.delete(settlement.runId);
      return facts === undefined ? null : endedRun(facts, settlement, state);
    },
    forget: (runId) => void claims.delete(runId),
  };
}

/** The run of a fire that its claimant won; null if it won none, or one of another definition than the job's. */
function claimedBy(fire: Fire | undefined, outcome: FireOutcome | undefined): ClaimedFacts["run"] | null {
  if (fire === undefined || outcome?.kind !== "won") return null;
  const place = outcome.runs.findIndex(({ claimed }) => claimed);
  const [entry, fired] = [fire.entries[place], outcome.runs[place]];
  if (entry === undefined || fired === undefined || entry.definitionHash !== fire.job.definitionHash) return null;
  const { tenantId, uid, id, version, definition } = fire.job;
  return {
    tenantId,
    runId: fired.runId,
    jobUid: uid,
    jobId: id,
    jobVersion: version,
    queue: definition.queue,
    handler: definition.handler,
    cause: entry.cause,
    scheduledFor: entry.scheduledFor,
    attempt: 1,
  };
}

function endedRun({ run, startedAt }: ClaimedFacts, { result, finishedAt }: Settlement, state: RunState): EndedRun {
  const { tenantId, runId, jobUid, jobId, jobVersion, queue, handler, cause, scheduledFor, attempt } = run;
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
    startedAt,
    finishedAt,
    output: result.kind === "succeeded" ? result.output : null,
    error: result.kind === "failed" ? result.error : null,
  };
}
