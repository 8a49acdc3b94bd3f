import { differingField, differs, type ClaimedRun, type ComparedField, type DueRun } from "../../../domain/run/due-run.ts";
import { AppError } from "../../../domain/app-error.ts";
import { definedExecutionHash, type JobDefinition } from "../../../domain/job/job-definition.ts";
import type { OverlapVerdict } from "../../../domain/policy/overlap.ts";
import { endRun, makePublishable, putAside, requestCancel, waitForAnother } from "../../../domain/run/run-changes.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import type { AttemptHolder, ClaimOutcome, ClaimRequest, RunClaims } from "../../../ports/runs/run-claims.ts";
import { sha256 } from "../../system/digest.ts";
import type { Answering, StoreContext } from "../context.ts";
import { type DueRunRow, SELECT_DUE_RUNS } from "./due-run-rows.ts";
import { openSettle } from "./settle.ts";
import { query, selected } from "../rows.ts";
import { IDENTITY_FIELDS, NAMES_OF_JOB, type RunRow, type StoredRun } from "./run-rows.ts";

/** A run to be claimed as it is sent to the store's thread. Of the execution in its message, only the hash; null: nothing has to be compared. */
export interface RunToClaim extends Pick<DueRun, "runId" | "attempt"> {
  readonly said: (Pick<DueRun, ComparedField> & { readonly executionHash: string }) | null;
}
export interface ClaimCall extends Omit<ClaimRequest, "runs" | "trusted"> {
  readonly runs: readonly RunToClaim[];
}

/** What only the store knows of a claimed run: the rest is in the message. */
export type WonRow = Pick<ClaimedRun, "startedAt"> & Pick<DueRun, "failures" | "rescues" | "firstStartedAt">;
export type ClaimRow = Exclude<ClaimOutcome, { readonly kind: "won" }> | { readonly kind: "won"; readonly won: WonRow };

/** The port `RunClaims`, with runs in rows. */
export interface RunClaimRows extends Pick<Answering<RunClaims>, "holders" | "heartbeat" | "defer"> {
  read(runIds: readonly string[]): DueRunRow[];
  /** JSON by uid. */
  lastRuns(jobUids: readonly string[]): { readonly uid: string; readonly lastRun: string }[];
  claim(call: ClaimCall): ClaimRow[];
  settle: ReturnType<typeof openSettle>;
}

const LOST = { kind: "lost" } as const;

export function openRunClaims(context: StoreContext): RunClaimRows {
  const { db, runs, overlap } = context;
  const open = query<DueRunRow>(db, `${SELECT_DUE_RUNS} WHERE run_id = ? AND standing IS NOT NULL`);
  const holder = query<AttemptHolder>(
    db,
    "SELECT run_id AS runId, attempt, state, executor FROM runs WHERE run_id = ? AND standing IS NOT NULL",
  );
  const lastRun = query<{ uid: string; lastRun: string }>(
    db,
    "SELECT uid, last_run AS lastRun FROM jobs WHERE uid = ? AND last_run IS NOT NULL AND state <> 'forgotten'",
  );
  const held = query<{ cancelRequested: number }>(
    db,
    "SELECT cancel_requested AS cancelRequested FROM runs WHERE run_id = ? AND token = ? AND standing = 'running' AND lease_ends_at IS NULL",
  );
  const renew = query<{ cancelRequested: number }>(
    db,
    `UPDATE runs SET lease_ends_at = ?, lease_ms = ? WHERE run_id = ? AND token = ? AND standing = 'running' AND lease_by_time = 1
     RETURNING cancel_requested AS cancelRequested`,
  );
  return {
    read: (runIds) => [...new Set(runIds)].flatMap((runId) => open.get(runId) ?? []),
    holders: (runIds) => [...new Set(runIds)].flatMap((runId) => holder.get(runId) ?? []),
    lastRuns: (jobUids) => [...new Set(jobUids)].flatMap((uid) => lastRun.get(uid) ?? []),
    claim: openClaim(context),
    // Leases of this process are ended by no clock, so there is nothing to write of them.
    heartbeat({ leases, leaseMs, now }) {
      const standing = leases.flatMap(({ runId, token }) => {
        const row = held.get(runId, token) ?? renew.get(now + leaseMs, leaseMs, runId, token);
        return row === undefined ? [] : [{ runId, cancelRequested: row.cancelRequested === 1 }];
      });
      return {
        renewed: standing.map(({ runId }) => runId),
        cancelRequested: standing.filter(({ cancelRequested }) => cancelRequested).map(({ runId }) => runId),
      };
    },
    settle: openSettle(context),
    defer({ deferrals }) {
      for (const { runId, attempt, ...aside } of deferrals) {
        const run = runs.find(runId);
        if (run?.state !== "due" || run.attempt !== attempt) continue;
        const next = putAside(run, aside);
        runs.save(next);
        if (next.standing !== "waiting") overlap.wakeNext(next);
      }
    },
  };
}

/** The fields of a run that a claim compares. */
const CLAIM_FIELDS = [
  ...IDENTITY_FIELDS,
  ...(["slot", "attempt", "state", "standing", "cancelRequested", "failures", "rescues", "token", "startedAt", "firstStartedAt"] as const),
  ...(["firedAt", "overlap", "jobKey", "definitionKey", "runKey"] as const),
] as const;
type ClaimedRow = Pick<RunRow, (typeof CLAIM_FIELDS)[number] | "tenantId" | "jobUid" | "jobId">;

function openClaim(context: StoreContext): RunClaimRows["claim"] {
  const { db, runs, overlap } = context;
  const refusal = openClaimCheck(context);
  const select = query<ClaimedRow>(
    db,
    `SELECT ${selected("runs", CLAIM_FIELDS)}, ${NAMES_OF_JOB} FROM runs CROSS JOIN jobs USING (job_key) WHERE run_id = ?`,
  );
  // The same as `startAttempt`; to write the whole row takes three times as long.
  const start = db.prepare(
    `UPDATE runs SET state = 'running', standing = 'running', reason = NULL, token = ?, executor = ?, lease_ms = ?, lease_ends_at = ?5,
       lease_by_time = ?5 IS NOT NULL, started_at = ?4, first_started_at = coalesce(first_started_at, ?4), due_at = NULL, expires_at = NULL, wake_at = NULL, wait_ms = NULL
     WHERE run_key = ?6`,
  );
  function claimOne({ runId, attempt, said }: RunToClaim, { claimant, now, firedAfter }: ClaimCall, won: Set<string>): ClaimRow {
    const run = select.get(runId);
    if (run?.attempt !== attempt || run.standing === null) return LOST;
    // Running: it is this caller's already, if the answer to the same claim was lost.
    if (run.standing === "running") return run.token === claimant.token && !won.has(runId) ? toWon(run, run.startedAt ?? now) : LOST;
    if (run.state !== "due" || run.cancelRequested === 1) return LOST;
    const reason = said === null ? null : refusal(run, said);
    if (reason !== null) return { kind: "refused", reason };
    if (run.firstStartedAt === null && run.firedAt < firedAfter) return LOST;
    const verdict = overlap.judge(run);
    if (verdict.kind !== "start") return decline(context, runs.find(runId), { verdict, now });
    const { executor, token, leaseMs, external = false } = claimant;
    start.run(token, executor, leaseMs, now, external ? now + leaseMs : null, run.runKey);
    won.add(runId);
    return toWon(run, now);
  }
  return (call) => {
    const won = new Set<string>();
    return call.runs.map((run) => claimOne(run, call, won));
  };
}

const toWon = ({ failures, rescues, firstStartedAt }: ClaimedRow, startedAt: number): ClaimRow => ({
  kind: "won",
  won: { failures, rescues, firstStartedAt, startedAt },
});

interface Declined {
  readonly verdict: Exclude<OverlapVerdict, { readonly kind: "start" }>;
  readonly now: number;
}

function decline(context: StoreContext, run: StoredRun | null, { verdict, now }: Declined): ClaimRow {
  if (run === null) return LOST;
  if (verdict.kind === "wait") return wait(context, run, { verdict, now });
  const [skipped] = skip(context, run, { reason: verdict.reason, now });
  return skipped === undefined ? LOST : { kind: "skipped", run: skipped };
}

/** An unreadable run has been closed too, but is not returned. */
function skip({ runs }: StoreContext, run: StoredRun, { reason, now }: { reason: "overlap" | "buffer_full"; now: number }): EndedRun[] {
  const skipped = endRun(run, { state: "skipped", reason, now });
  runs.save(skipped);
  return runs.toEnded([skipped]);
}

interface Wait {
  readonly verdict: Extract<OverlapVerdict, { readonly kind: "wait" }>;
  readonly now: number;
}

function wait(context: StoreContext, run: StoredRun, { verdict: { behind, cancels, supersedes }, now }: Wait): ClaimRow {
  const { runs } = context;
  const other = runs.find(behind.runId);
  // The end that should have woken it was lost.
  if (behind.standing === "waiting" && other !== null) runs.save(makePublishable(other));
  if (cancels && other !== null) runs.save(requestCancel(other, { requestedAt: now, by: { kind: "overlap", runId: run.runId } }));
  runs.save(waitForAnother(run, now));
  const older = supersedes.flatMap((runId) => runs.find(runId) ?? []);
  const superseded = older.flatMap((waiting) => skip(context, waiting, { reason: "overlap", now }));
  return { kind: "waiting", cancelRequested: cancels ? behind.runId : null, superseded };
}

/** Returns the difference between the message and the stored run; null: none. */
function openClaimCheck({ definitions }: StoreContext): (run: ClaimedRow, said: NonNullable<RunToClaim["said"]>) => string | null {
  function definition(definitionKey: number): JobDefinition {
    const stored = definitions.read(definitionKey);
    if (stored.kind === "unreadable") throw new AppError("store_corrupt", stored.reason);
    return stored.definition;
  }
  return (run, { executionHash, ...said }) => {
    const field = differingField(said, run);
    if (field !== null) return differs(field);
    const hash = definitions.hash(run.definitionKey);
    if (hash === null) return "its row in the store is not whole";
    try {
      const defined = definedExecutionHash(sha256, { hash, read: () => definition(run.definitionKey) });
      return executionHash === defined ? null : differs("execution");
    } catch (fault) {
      // An unreadable run is not claimed; the others of the batch are.
      if (fault instanceof AppError) return fault.message;
      throw fault;
    }
  };
}
