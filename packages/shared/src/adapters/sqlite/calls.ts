import { AppError } from "../../domain/app-error.ts";
import type { Digest } from "../../domain/digest.ts";
import { toRunOrigin, type ClaimedRun, type DueRun } from "../../domain/run/due-run.ts";
import { executionHash } from "../../domain/job/job-definition.ts";
import type { Job } from "../../domain/job/job.ts";
import { identifyRun, pickRunIdentity } from "../../domain/run/run.ts";
import { makeRunId } from "../../domain/run/run-id.ts";
import { makeEndedRun } from "../../domain/run/settlement.ts";
import type { Fire, FireEntry } from "../../domain/fire/fire.ts";
import type { FireOutcome, FireRequest } from "../../ports/jobs/due-jobs.ts";
import type { ClaimOutcome, ClaimRequest, SettleOutcome, Settlement } from "../../ports/runs/run-claims.ts";
import type { HeldClaim, HeldClaims } from "../../runtime/held-claims.ts";
import type { FireCall } from "./jobs/due-jobs.ts";
import type { EntryCall } from "./runs/make-run.ts";
import type { SettleRow } from "./runs/settle.ts";
import type { ClaimRow, RunToClaim } from "./runs/run-claims.ts";

// The messages for fires, claims and settlements to the store's thread, and its answers. Both are short: long values are not sent.

/** Of the job, only the compared fields: the rest is long, and the thread has it. */
export function toFireCall({ job, advance, entries }: Fire, digest: Digest): FireCall {
  const { tenantId, uid, version, nextRunAt } = job;
  return { job: { tenantId, uid, version, nextRunAt }, advance, entries: entries.map((entry) => toEntryCall(job, entry, digest)) };
}

/** Keeps the runs that a fire has claimed. */
export function holdClaimed(
  held: HeldClaims,
  { claimant, now }: FireRequest,
  fired: { readonly fire: Fire; readonly outcome: FireOutcome },
): void {
  const { fire, outcome } = fired;
  if (claimant === null || outcome.kind === "lost") return;
  const place = outcome.runs.findIndex(({ claimed }) => claimed);
  const [entry, run] = [fire.entries[place], outcome.runs[place]];
  // If an entry names a definition other than the job's own, only the thread knows its policy.
  if (entry === undefined || run === undefined || entry.definitionHash !== fire.job.definitionHash) return;
  const identity = identifyRun(toRunOrigin(fire.job), { ...entry, runId: run.runId });
  held.add({ run: { ...identity, attempt: 1 }, token: claimant.token, startedAt: now });
}

function toEntryCall(job: Job, entry: FireEntry, digest: Digest): EntryCall {
  const { cause, scheduledFor, state, count, scheduledForLast, reason, retryOf } = entry;
  const runId = makeRunId(digest, { jobUid: job.uid, ...entry });
  const definitionHash = entry.definitionHash === job.definitionHash ? null : entry.definitionHash;
  const isUsual = count === 1 && scheduledForLast === null && reason === null && retryOf === null && definitionHash === null;
  return { runId, cause, scheduledFor, state, unusual: isUsual ? null : { count, scheduledForLast, reason, retryOf, definitionHash } };
}

/** The compared fields, and a hash instead of the params, which may be long. */
export function toClaim(run: DueRun, { trusted = false }: ClaimRequest, digest: Digest): RunToClaim {
  const { runId, attempt, slot, failures, rescues } = run;
  if (trusted) return { runId, attempt, said: null };
  return { runId, attempt, said: { ...pickRunIdentity(run), slot, failures, rescues, executionHash: executionHash(digest, run) } };
}

export function toClaimOutcome(row: ClaimRow, run: DueRun, { claimant }: ClaimRequest): ClaimOutcome {
  if (row.kind !== "won") return row;
  const { startedAt, ...counts } = row.won;
  const leaseMs = claimant.external === true ? claimant.leaseMs : null; // No clock ends a lease of this process.
  const claim: ClaimedRun = { run: { ...run, ...counts }, token: claimant.token, leaseMs, startedAt };
  return { kind: "won", claim };
}

/** The outcome of a settlement. The output, which may be long, is almost never sent back. */
export function toSettleOutcome(row: SettleRow, { result, finishedAt }: Settlement, claim: HeldClaim | undefined): SettleOutcome {
  if (row.kind !== "applied") return row;
  if (claim === undefined || result.kind === "retry" || result.kind === "released")
    throw new AppError("internal", "a settlement was applied of a run that is not held");
  const { run, startedAt } = claim;
  const output = result.kind === "succeeded" ? result.output : null;
  const error = result.kind === "failed" ? result.error : null;
  return { kind: "ended", run: makeEndedRun(run, { state: result.kind, startedAt, finishedAt, output, error }) };
}
