import type { Instant } from "../../../domain/instant.ts";
import { judgeOverlap, type OverlapVerdict } from "../../../domain/overlap.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { Claimant } from "../../../ports/due-jobs.ts";
import type { ClaimOutcome } from "../../../ports/run-claims.ts";
import { canBeRun, contendingOf, siblingsOf } from "./overlap-waits.ts";
import { endRun, makePublishable, requestCancel, startAttempt, waitForAnother } from "./run-changes.ts";
import { endedRunOf, isExclusive, type RunRow } from "./run-row.ts";
import type { MemoryState } from "./state.ts";

type Runs = Pick<MemoryState, "runs">;
type Waiting = Extract<ClaimOutcome, { readonly kind: "waiting" }>;
export type OverlapOutcome = { readonly kind: "started" } | Extract<ClaimOutcome, { readonly kind: "skipped" }> | Waiting;

interface Claiming {
  readonly claimant: Claimant;
  readonly now: Instant;
}

/** Starts a due run, closes it, or lets it wait for another run of its job, as its overlap policy says. */
export function startByOverlap(state: Runs, row: RunRow, claiming: Claiming): OverlapOutcome {
  const verdict = verdictOn(state, row);
  return verdict.kind === "wait" ? wait(state, row, { verdict, now: claiming.now }) : startOrSkip(state, row, { verdict, ...claiming });
}

/** The same for a fire that claims: a run that has to wait stays as it is, and the claim that follows decides. True: it started. */
export function startWithFire(state: Runs, row: RunRow, claiming: Claiming): boolean {
  const verdict = verdictOn(state, row);
  return verdict.kind !== "wait" && startOrSkip(state, row, { verdict, ...claiming }).kind === "started";
}

function verdictOn({ runs }: Runs, row: RunRow): OverlapVerdict {
  return judgeOverlap(contendingOf(row), isExclusive(row) ? siblingsOf(runs, row.origin.jobUid) : [], (other) => canBeRun(runs, other));
}

function startOrSkip(
  { runs }: Runs,
  row: RunRow,
  { verdict, claimant, now }: Claiming & { readonly verdict: Exclude<OverlapVerdict, { kind: "wait" }> },
): Exclude<OverlapOutcome, Waiting> {
  if (verdict.kind === "start") startAttempt(row, claimant, now);
  else endRun(row, { state: "skipped", reason: verdict.reason, now });
  runs.save(row);
  return verdict.kind === "start" ? { kind: "started" } : { kind: "skipped", run: endedRunOf(row) };
}

function wait(
  state: Runs,
  row: RunRow,
  { verdict, now }: { readonly verdict: Extract<OverlapVerdict, { kind: "wait" }>; readonly now: Instant },
): Waiting {
  const { behind, cancels, supersedes } = verdict;
  const other = state.runs.get(behind.runId);
  // The end that should have woken it was lost.
  if (behind.standing === "waiting" && other !== undefined) change(state, other, () => makePublishable(other));
  if (cancels && other !== undefined)
    change(state, other, () => requestCancel(other, { requestedAt: now, by: { kind: "overlap", runId: row.runId } }));
  change(state, row, () => waitForAnother(row, now));
  return { kind: "waiting", cancelRequested: cancels ? behind.runId : null, superseded: supersede(state, supersedes, now) };
}

function change({ runs }: Runs, row: RunRow, apply: () => void): void {
  apply();
  runs.save(row);
}

const supersede = (state: Runs, runIds: readonly string[], now: Instant): EndedRun[] =>
  runIds.flatMap((runId) => {
    const row = state.runs.get(runId);
    if (row === undefined) return [];
    change(state, row, () => endRun(row, { state: "skipped", reason: "overlap", now }));
    return [endedRunOf(row)];
  });
