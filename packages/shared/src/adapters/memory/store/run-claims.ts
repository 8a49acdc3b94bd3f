import { type ClaimedRun, differingField, differs, type DueRun } from "../../../domain/due-run.ts";
import { isExecutionOf } from "../../../domain/job-definition.ts";
import { isTerminal } from "../../../domain/run-state.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { AttemptHolder, ClaimOutcome, ClaimRequest, RunClaims } from "../../../ports/run-claims.ts";
import { startByOverlap } from "./claim-run.ts";
import { wakeNext } from "./overlap-waits.ts";
import { lastRunIn } from "./read-job.ts";
import { asReadable, comparedOf, dueRunOf, type RunRow, waitsForAnother } from "./run-row.ts";
import { settleAttempt } from "./settle-attempt.ts";
import type { MemoryState } from "./state.ts";

export function createRunClaims(state: MemoryState): RunClaims {
  const { jobs, runs } = state;
  return {
    async read(runIds) {
      const read = (row: RunRow) => dueRunOf(row, lastRunIn(jobs.get(row.origin.jobUid)));
      return mapReadable(openRows(state, runIds), asReadable(read, state.onUnreadable));
    },
    async holders(runIds) {
      return openRows(state, runIds).map(({ runId, attempt, state: now, attempts, lease }) => ({
        runId,
        attempt,
        state: now as AttemptHolder["state"], // None of those in which a run has ended.
        executor: lease === null ? null : (attempts.at(-1)?.executor ?? null),
      }));
    },
    async lastRuns(jobUids) {
      return new Map(
        jobUids.flatMap((uid) => {
          const lastRun = lastRunIn(jobs.get(uid));
          return lastRun === null ? [] : [[uid, lastRun] as const];
        }),
      );
    },
    async claim(request) {
      const won = new Set<string>();
      return request.runs.map((run) => {
        const outcome: ClaimOutcome = won.has(run.runId) ? { kind: "lost" } : claimRun(state, run, request);
        if (outcome.kind === "won") won.add(run.runId);
        return outcome;
      });
    },
    async heartbeat({ leases, leaseMs, now }) {
      const renewed: string[] = [];
      const cancelRequested: string[] = [];
      for (const { runId, token } of leases) {
        const row = runs.get(runId);
        if (row === undefined || row.lease?.token !== token) continue;
        row.lease = { token, leaseMs, expiresAt: now + leaseMs };
        runs.save(row);
        renewed.push(runId);
        if (row.cancelRequested) cancelRequested.push(runId);
      }
      return { renewed, cancelRequested };
    },
    async settle({ settlements, now }) {
      return settlements.map((settlement) => settleAttempt(runs, settlement, now));
    },
    async defer({ deferrals }) {
      for (const { runId, attempt, reason, wakeAt } of deferrals) {
        const row = runs.get(runId);
        if (row?.state !== "due" || row.attempt !== attempt) continue;
        row.standing = "deferred";
        row.reason = reason;
        row.wakeAt = wakeAt;
        runs.save(row);
        if (!waitsForAnother(row)) wakeNext(runs, row);
      }
    },
  };
}

const openRows = ({ runs }: MemoryState, runIds: readonly string[]): RunRow[] =>
  [...new Set(runIds)].flatMap((runId) => runs.get(runId) ?? []).filter(({ state }) => !isTerminal(state));

function claimRun(state: MemoryState, run: DueRun, request: ClaimRequest): ClaimOutcome {
  const { claimant, now, firedAfter } = request;
  const row = state.runs.get(run.runId);
  if (row === undefined || row.attempt !== run.attempt) return { kind: "lost" };
  const counts = { failures: row.failures, rescues: row.rescues, firstStartedAt: row.firstStartedAt };
  if (row.lease?.token === claimant.token) return { kind: "won", claim: claimOf({ ...run, ...counts }, row) };
  if (row.state !== "due" || row.cancelRequested) return { kind: "lost" };
  const reason = refusal(state, run, row);
  if (reason !== null) return { kind: "refused", reason };
  if (row.firstStartedAt === null && row.firedAt < firedAfter) return { kind: "lost" };
  const outcome = startByOverlap(state, row, { claimant, now });
  return outcome.kind === "started" ? { kind: "won", claim: claimOf({ ...run, ...counts }, row) } : outcome;
}

/** How the message differs from what is stored; null: not at all. */
function refusal({ digest }: MemoryState, run: DueRun, row: RunRow): string | null {
  const field = differingField(run, comparedOf(row));
  if (field !== null) return differs(field);
  const definition = { hash: row.entry.definitionHash, read: () => row.origin.definition };
  return isExecutionOf(digest, run, definition) ? null : differs("execution");
}

const claimOf = (run: DueRun, { lease, startedAt }: RunRow): ClaimedRun => ({
  run,
  token: lease?.token ?? "",
  leaseMs: lease?.leaseMs ?? 0,
  startedAt: startedAt ?? 0,
});
