import type { ClaimedRun, DueRun } from "@tickline/shared/domain/run/due-run";
import type { EndedRun } from "@tickline/shared/domain/run/settlement";
import { ALL_SLOTS } from "@tickline/shared/domain/slot";
import { runEnded } from "@tickline/shared/events/job-ended";
import type { ClaimOutcome } from "@tickline/shared/ports/runs/run-claims";
import { inParallel } from "@tickline/shared/runtime/batch/in-parallel";
import type { ApiContext } from "../api-context.ts";
import { chooseRuns } from "./choose-runs.ts";
import { makeLeaseToken } from "./lease-token.ts";

export interface ClaimRequest {
  readonly queue: string;
  readonly executor: string;
  /** Null: runs of any handler. */
  readonly handlers: readonly string[] | null;
  readonly limit: number;
  readonly leaseMs: number;
}

export type ClaimContext = Pick<ApiContext, "claims" | "dueRuns" | "entropy" | "time" | "config" | "notices">;

/** Writes of one claim that are in flight at once. */
const WRITES_AT_ONCE = 4;

/**
 * Claims runs that wait, in the order in which they are published, and with the claim of every executor: so the overlap policies hold, and no other
 * executor has them. Reads the store, which knows all of them; the bus only tells when to look. Empty: no run can be claimed now.
 */
export async function claimRuns(context: ClaimContext, request: ClaimRequest): Promise<readonly ClaimedRun[]> {
  const { dueRuns, config } = context;
  const { queue, handlers, limit } = request;
  for (let round = 0; round < config.claimRoundsMax; round += 1) {
    const query = { shard: ALL_SLOTS, queue, limit, unclaimed: true, ...(handlers !== null && { handlers }) };
    const chosen = chooseRuns(await dueRuns.publishable(query), { runsMax: limit, paramsBytesMax: config.claimParamsBytesMax });
    if (chosen.length === 0) return [];
    const won = await claimChosen(context, request, chosen);
    if (won.length > 0) return won;
  }
  return [];
}

/** A write has one token, which says when its attempts are over their time: so runs of one timeout are claimed together. */
async function claimChosen(context: ClaimContext, request: ClaimRequest, chosen: readonly DueRun[]): Promise<readonly ClaimedRun[]> {
  const groups = [...Map.groupBy(chosen, ({ timeoutMs }) => timeoutMs)];
  const answers = await inParallel(groups, {
    atOnce: WRITES_AT_ONCE,
    work: ([timeoutMs, runs]) => claimGroup(context, request, { timeoutMs, runs }),
  });
  const won = new Map(answers.flat().map((claim) => [claim.run.runId, claim]));
  return chosen.flatMap(({ runId }) => won.get(runId) ?? []);
}

async function claimGroup(
  context: ClaimContext,
  { executor, leaseMs: leaseMsMax }: ClaimRequest,
  { timeoutMs, runs }: { readonly timeoutMs: number; readonly runs: readonly DueRun[] },
): Promise<readonly ClaimedRun[]> {
  const { claims, entropy, time, config } = context;
  const now = time.decide();
  const leaseMs = Math.min(leaseMsMax, timeoutMs + config.timeoutGraceMs); // After that the attempt has failed in any case.
  const token = makeLeaseToken({ startedAt: now, timeoutAt: now + timeoutMs, leaseMs }, entropy.newToken());
  // The store has just been read, so that no run comes from an old message.
  const outcomes = await claims.claim({ runs, claimant: { executor, token, leaseMs, external: true }, now, firedAfter: 0 });
  publishOthers(context, outcomes);
  return outcomes.flatMap((outcome) => (outcome.kind === "won" ? [outcome.claim] : []));
}

/** What the claims have changed of other runs. */
function publishOthers({ notices }: ClaimContext, outcomes: readonly ClaimOutcome[]): void {
  const ended: EndedRun[] = [];
  for (const outcome of outcomes) {
    if (outcome.kind === "skipped") ended.push(outcome.run);
    if (outcome.kind !== "waiting") continue;
    ended.push(...outcome.superseded);
    if (outcome.cancelRequested !== null) notices.cancelRequested(outcome.cancelRequested);
  }
  notices.attempts(ended.map((run) => runEnded(run, "tickline/api")));
}
