import { differingField, differs, type DueRun } from "../../domain/run/due-run.ts";
import type { Instant } from "../../domain/time/instant.ts";
import { matchesExecution } from "../../domain/job/job-definition.ts";
import type { OverlapVerdict } from "../../domain/policy/overlap.ts";
import {
  endRun,
  makePublishable,
  putAside,
  requestCancel,
  rescueRun,
  settleAttempt,
  startAttempt,
  waitForAnother,
} from "../../domain/run/run-changes.ts";
import type { LastRun } from "../../domain/run/run.ts";
import { toEndedRun } from "../../domain/run/run-record.ts";
import type { RunLeases } from "../../ports/runs/run-leases.ts";
import type { AttemptHolder, ClaimOutcome, ClaimRequest, RunClaims, Settlement, SettleOutcome } from "../../ports/runs/run-claims.ts";
import { mapReadable } from "../../runtime/batch/map-readable.ts";
import { judge, wakeNext } from "./overlap.ts";
import { ascending, readLastRun, type MemoryState, openRunsIn, readable, readDueRun, save, type StoredRun, toEnded } from "./state.ts";

const LOST = { kind: "lost" } as const;

export function createRunClaims(state: MemoryState): RunClaims {
  const { jobs, runs } = state;
  const open = (runIds: readonly string[]): StoredRun[] =>
    [...new Set(runIds)].flatMap((runId) => runs.get(runId) ?? []).filter(({ standing }) => standing !== null);
  return {
    async read(runIds) {
      const map = (run: StoredRun): DueRun => readDueRun(state, run);
      return mapReadable(open(runIds), readable(state, map));
    },
    async holders(runIds) {
      return open(runIds).map(({ runId, attempt, state: now, executor }) => {
        return { runId, attempt, executor, state: now as AttemptHolder["state"] }; // None of the states of an ended run.
      });
    },
    async lastRuns(jobUids) {
      const known = jobUids.map((uid) => [uid, readLastRun(jobs.get(uid))] as const);
      return new Map(known.filter((entry): entry is [string, LastRun] => entry[1] !== null));
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
      save(state, ...standing.map((run) => ({ ...run, leaseMs, leaseEndsAt: now + leaseMs })));
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
        save(state, next);
        if (next.standing !== "waiting") wakeNext(state, next);
      }
    },
  };
}

function claimOne(state: MemoryState, said: DueRun, { claimant, now, firedAfter }: ClaimRequest): ClaimOutcome {
  const run = state.runs.get(said.runId);
  if (run?.attempt !== said.attempt) return LOST;
  // It is this caller's already, if the answer to the same claim was lost.
  if (run.state === "running" && run.token === claimant.token) return toWon(said, run, run);
  if (run.state !== "due" || run.cancelRequested) return LOST;
  const reason = refusal(state, said, run);
  if (reason !== null) return { kind: "refused", reason };
  if (run.firstStartedAt === null && run.firedAt < firedAfter) return LOST;
  const verdict = judge(state, run);
  if (verdict.kind === "wait") return wait(state, run, { verdict, now });
  if (verdict.kind === "skip") {
    const skipped = endRun(run, { state: "skipped", reason: verdict.reason, now });
    save(state, skipped);
    return { kind: "skipped", run: toEndedRun(skipped) };
  }
  const { executor, token, leaseMs } = claimant;
  const held = startAttempt(run, { executor, token, leaseMs, leaseEndsAt: now + leaseMs, now });
  save(state, held);
  return toWon(said, run, held);
}

/** `said` with the fields of the run before its claim, and as it is held now. */
function toWon(said: DueRun, { failures, rescues, firstStartedAt }: StoredRun, { token, leaseMs, startedAt }: StoredRun): ClaimOutcome {
  const run = { ...said, failures, rescues, firstStartedAt };
  return { kind: "won", claim: { run, token: token ?? "", leaseMs, startedAt: startedAt ?? 0 } };
}

/** The difference between the message and the stored run; null: none. */
function refusal({ digest }: MemoryState, said: DueRun, run: StoredRun): string | null {
  const field = differingField(said, run);
  if (field !== null) return differs(field);
  return matchesExecution(digest, said, { hash: run.definitionHash, read: () => run.definition }) ? null : differs("execution");
}

function wait(
  state: MemoryState,
  run: StoredRun,
  { verdict, now }: { readonly verdict: Extract<OverlapVerdict, { kind: "wait" }>; readonly now: Instant },
): ClaimOutcome {
  const { behind, cancels, supersedes } = verdict;
  const other = state.runs.get(behind.runId) as StoredRun;
  // The end that should have woken it was lost.
  if (behind.standing === "waiting") save(state, makePublishable(other));
  if (cancels) save(state, requestCancel(other, { requestedAt: now, by: { kind: "overlap", runId: run.runId } }));
  save(state, waitForAnother(run, now));
  const superseded = supersedes.map((runId) => endRun(state.runs.get(runId) as StoredRun, { state: "skipped", reason: "overlap", now }));
  save(state, ...superseded);
  return { kind: "waiting", cancelRequested: cancels ? behind.runId : null, superseded: toEnded(state, superseded) };
}

/** Compares and sets an attempt by its token; a repeat gets the same answer. */
function settleOne(state: MemoryState, { runId, token, result, finishedAt }: Settlement, now: Instant): SettleOutcome {
  const run = state.runs.get(runId);
  if (run?.token !== token) return { kind: "stale" };
  if (run.state !== "running") return repeatedOutcome(state, run);
  const next = settleAttempt(run, { result, finishedAt, now });
  save(state, next);
  const woken = wakeNext(state, next).at(-1);
  return { ...toOutcome(state, next), ...(woken !== undefined && { ready: woken.queue }) };
}

/** An unreadable run has ended too. */
function toOutcome(state: MemoryState, run: StoredRun): SettleOutcome {
  if (run.standing === "retrying") return { kind: "retrying", retryAt: run.wakeAt ?? 0 };
  if (run.standing !== null) return { kind: "released" };
  const [ended] = toEnded(state, [run]);
  return ended === undefined ? { kind: "stale" } : { kind: "ended", run: ended };
}

/** This settlement has released the attempt, or ended the run. */
function repeatedOutcome(state: MemoryState, run: StoredRun): SettleOutcome {
  if (run.standing === null || run.standing === "retrying") return toOutcome(state, run);
  const last = run.pastAttempts.at(-1);
  return last?.state === "failed" ? { kind: "retrying", retryAt: last.finishedAt ?? 0 } : { kind: "released" };
}

export const createRunLeases = (state: MemoryState): RunLeases => ({
  async ending({ shard, now, after, limit }) {
    const passed = new Set(after?.runIds);
    const isBehind = ({ runId, leaseEndsAt }: StoredRun): boolean =>
      leaseEndsAt !== null &&
      leaseEndsAt <= now &&
      (after === null || leaseEndsAt > after.expiresAt || (leaseEndsAt === after.expiresAt && !passed.has(runId)));
    const found = openRunsIn(state, shard, "running").filter(isBehind).sort(ascending("leaseEndsAt", "runId"));
    return found.slice(0, limit).map((run) => {
      const { runId, handler, attempt, rescues, onUncertain, cancelRequested } = run;
      const [leaseMs, expiresAt] = [run.leaseMs ?? 0, run.leaseEndsAt ?? 0];
      return { runId, handler, attempt, rescues, leaseMs, expiresAt, ownerGone: false, onUncertain, cancelRequested };
    });
  },
  async rescue({ rescues, now }) {
    const ended: StoredRun[] = [];
    let rescued = 0;
    for (const { runId, expiresAt, to, error } of rescues) {
      const run = state.runs.get(runId);
      if (run?.state !== "running" || run.leaseEndsAt !== expiresAt) continue;
      const next = rescueRun(run, { to, error, now });
      save(state, next);
      wakeNext(state, next);
      rescued += 1;
      if (next.standing === null) ended.push(next);
    }
    return { rescued, ended: toEnded(state, ended) };
  },
});
