import { type ClaimedRun, differingField, differs, type DueRun } from "../../domain/due-run.ts";
import type { Instant } from "../../domain/instant.ts";
import { isExecutionOf } from "../../domain/job-definition.ts";
import type { OverlapVerdict } from "../../domain/overlap.ts";
import { endRun, makePublishable, putAside, requestCancel, settleAttempt, startAttempt, waitForAnother } from "../../domain/run-changes.ts";
import { toEndedRun } from "../../domain/run-record.ts";
import type { AttemptHolder, ClaimOutcome, ClaimRequest, RunClaims, Settlement, SettleOutcome } from "../../ports/run-claims.ts";
import { mapReadable } from "../../runtime/map-readable.ts";
import { judge, wakeNext } from "./overlap.ts";
import { lastRunOf, type MemoryState, readableRuns, readDueRun, saveRun, type StoredRun, toEnded } from "./state.ts";

const LOST = { kind: "lost" } as const;

export function createRunClaims(state: MemoryState): RunClaims {
  const { jobs, runs } = state;
  const open = (runIds: readonly string[]): StoredRun[] =>
    [...new Set(runIds)].flatMap((runId) => runs.get(runId) ?? []).filter(({ standing }) => standing !== null);
  return {
    async read(runIds) {
      return mapReadable(
        open(runIds),
        readableRuns(state, (run) => readDueRun(state, run)),
      );
    },
    async holders(runIds) {
      return open(runIds).map(({ runId, attempt, state: now, executor }) => ({
        ...{ runId, attempt, executor },
        state: now as AttemptHolder["state"], // None of those in which a run has ended.
      }));
    },
    async lastRuns(jobUids) {
      return new Map(
        jobUids.flatMap((uid) => {
          const lastRun = lastRunOf(jobs.get(uid));
          return lastRun === null ? [] : [[uid, lastRun] as const];
        }),
      );
    },
    async claim(request) {
      const won = new Set<string>();
      return request.runs.map((run) => {
        const outcome = won.has(run.runId) ? LOST : claimOne(state, run, request);
        if (outcome.kind === "won") won.add(run.runId);
        return outcome;
      });
    },
    async heartbeat({ leases, leaseMs, now }) {
      const standing = leases.flatMap(({ runId, token }) => {
        const run = runs.get(runId);
        return run?.standing === "running" && run.token === token ? [run] : [];
      });
      for (const run of standing) saveRun(state, { ...run, leaseMs, leaseEndsAt: now + leaseMs });
      return {
        renewed: standing.map(({ runId }) => runId),
        cancelRequested: standing.filter(({ cancelRequested }) => cancelRequested).map(({ runId }) => runId),
      };
    },
    async settle({ settlements, now }) {
      return settlements.map((settlement) => settleOne(state, settlement, now));
    },
    async defer({ deferrals }) {
      for (const { runId, attempt, ...aside } of deferrals) {
        const run = runs.get(runId);
        if (run?.state !== "due" || run.attempt !== attempt) continue;
        const next = putAside(run, aside);
        saveRun(state, next);
        if (next.standing !== "waiting") wakeNext(state, next);
      }
    },
  };
}

function claimOne(state: MemoryState, said: DueRun, { claimant, now, firedAfter }: ClaimRequest): ClaimOutcome {
  const run = state.runs.get(said.runId);
  if (run?.attempt !== said.attempt) return LOST;
  // Ours already, if the answer to this very claim was lost.
  if (run.state === "running" && run.token === claimant.token) return toWon(said, { run, held: run });
  if (run.state !== "due" || run.cancelRequested) return LOST;
  const reason = refusal(state, said, run);
  if (reason !== null) return { kind: "refused", reason };
  if (run.firstStartedAt === null && run.firedAt < firedAfter) return LOST;
  const verdict = judge(state, run);
  if (verdict.kind === "wait") return wait(state, run, { verdict, now });
  if (verdict.kind === "skip") {
    const skipped = endRun(run, { state: "skipped", reason: verdict.reason, now });
    saveRun(state, skipped);
    return { kind: "skipped", run: toEndedRun(skipped) };
  }
  const held = startAttempt(run, { ...claimant, leaseEndsAt: now + claimant.leaseMs, now });
  saveRun(state, held);
  return toWon(said, { run, held });
}

/** `run`: as it was when it was claimed. */
function toWon(said: DueRun, { run, held }: Readonly<Record<"run" | "held", StoredRun>>): ClaimOutcome {
  const { failures, rescues, firstStartedAt } = run;
  const claim: ClaimedRun = {
    run: { ...said, failures, rescues, firstStartedAt },
    token: held.token ?? "",
    leaseMs: held.leaseMs,
    startedAt: held.startedAt ?? 0,
  };
  return { kind: "won", claim };
}

/** How the message differs from what is stored; null: not at all. */
function refusal({ digest }: MemoryState, said: DueRun, run: StoredRun): string | null {
  const field = differingField(said, run);
  if (field !== null) return differs(field);
  return isExecutionOf(digest, said, { hash: run.definitionHash, read: () => run.definition }) ? null : differs("execution");
}

function wait(
  state: MemoryState,
  run: StoredRun,
  { verdict, now }: { readonly verdict: Extract<OverlapVerdict, { kind: "wait" }>; readonly now: Instant },
): ClaimOutcome {
  const { behind, cancels, supersedes } = verdict;
  const other = state.runs.get(behind.runId) as StoredRun;
  // The end that should have woken it was lost.
  if (behind.standing === "waiting") saveRun(state, makePublishable(other));
  if (cancels) saveRun(state, requestCancel(other, { requestedAt: now, by: { kind: "overlap", runId: run.runId } }));
  saveRun(state, waitForAnother(run, now));
  const superseded = supersedes.map((runId) => endRun(state.runs.get(runId) as StoredRun, { state: "skipped", reason: "overlap", now }));
  for (const skipped of superseded) saveRun(state, skipped);
  return { kind: "waiting", cancelRequested: cancels ? behind.runId : null, superseded: toEnded(state, superseded) };
}

/** Compares and sets an attempt by its token; answers a repeat as the first time. */
function settleOne(state: MemoryState, { runId, token, result, finishedAt }: Settlement, now: Instant): SettleOutcome {
  const run = state.runs.get(runId);
  if (run?.token !== token) return { kind: "stale" };
  if (run.state !== "running") return repeatedOutcome(run);
  const next = settleAttempt(run, { result, finishedAt, now });
  saveRun(state, next);
  const woken = wakeNext(state, next).at(-1);
  return { ...toOutcome(next), ...(woken !== undefined && { ready: woken.queue }) };
}

function toOutcome(run: StoredRun): SettleOutcome {
  if (run.standing === null) return { kind: "ended", run: toEndedRun(run) };
  return run.standing === "retrying" ? { kind: "retrying", retryAt: run.wakeAt ?? 0 } : { kind: "released" };
}

/** The attempt was given back, or the run was ended, by this very settlement. */
function repeatedOutcome(run: StoredRun): SettleOutcome {
  if (run.standing === null || run.standing === "retrying") return toOutcome(run);
  const last = run.pastAttempts.at(-1);
  return last?.state === "failed" ? { kind: "retrying", retryAt: last.finishedAt ?? 0 } : { kind: "released" };
}
