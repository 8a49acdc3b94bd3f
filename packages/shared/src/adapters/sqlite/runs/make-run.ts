import type { SQLInputValue } from "node:sqlite";
import type { FireEntry } from "../../../domain/fire/fire.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { AppError } from "../../../domain/app-error.ts";
import { type JobDefinition, readPriority } from "../../../domain/job/job-definition.ts";
import type { OverlapVerdict } from "../../../domain/policy/overlap.ts";
import type { Reason } from "../../../domain/run/reason.ts";
import type { RunRecord } from "../../../domain/run/run-record.ts";
import type { RunState } from "../../../domain/run/run-state.ts";
import type { Claimant, FiredRun } from "../../../ports/jobs/due-jobs.ts";
import type { StoreContext } from "../context.ts";
import { query } from "../rows.ts";

/** The fields of an entry that a scheduled instant does not have. `definitionHash` null: the job's own. */
export type UnusualEntry = Pick<FireEntry, "count" | "scheduledForLast" | "reason" | "retryOf"> & {
  readonly definitionHash: string | null;
};

/** An entry as it is sent to the store's thread, with the id of its run. `unusual` is nearly always null. */
export interface EntryCall extends Pick<FireEntry, "cause" | "scheduledFor" | "state"> {
  readonly runId: string;
  readonly unusual: UnusualEntry | null;
}
/** A job whose fire has won. `hasOpen` false: no run of it is open, so nothing contends with a new one. */
export interface FiredJob {
  readonly uid: string;
  readonly hasOpen: boolean;
}

interface RunToMake extends FiredJob {
  readonly entry: EntryCall;
  readonly claimant: Claimant | null;
  readonly now: Instant;
}

type Policy = Pick<JobDefinition, "queue" | "priority" | "handler" | "overlap" | "onUncertain" | "expireAfterMs">;

/** A definition that an entry names instead of the job's own. `policy` null: it cannot be read, so the job's own policy applies. */
interface NamedDefinition {
  readonly key: number;
  readonly policy: Policy | null;
}

const START: OverlapVerdict = { kind: "start" };

/** Makes the run of an entry, unless an earlier fire of the same identity has made it. */
export function openMakeRun(context: StoreContext): (request: RunToMake) => FiredRun {
  const insert = openInsert(context);
  const judge = openJudge(context);
  const find = openFindNamed(context);
  const existing = query<{ state: RunState; reason: Reason | null }>(context.db, "SELECT state, reason FROM runs WHERE run_id = ?");

  /** Decides the first state of a run: a due one may be claimed at once, or skipped by its policy. */
  function birth(request: RunToMake, named: NamedDefinition | null): Birth {
    const { state, unusual } = request.entry;
    const asFired = { state, reason: unusual?.reason ?? null };
    if (state !== "due" || request.claimant === null) return asFired;
    const verdict = request.hasOpen ? judge(request, named) : START;
    if (verdict.kind === "skip") return { state: "skipped", reason: verdict.reason };
    // The next claim makes it wait.
    return verdict.kind === "wait" ? asFired : { state: "running", reason: null };
  }
  return (request) => {
    const { runId, unusual } = request.entry;
    const named = unusual === null || unusual.definitionHash === null ? null : find(request.uid, unusual.definitionHash);
    const { state, reason } = birth(request, named);
    if (insert(request, { state, reason }, named)) return { runId, state, reason, created: true, claimed: state === "running" };
    return { runId, ...(existing.get(runId) as Birth), created: false, claimed: false };
  };
}

type Birth = Pick<RunRecord, "state" | "reason">;

/** Returns whether it made the run. The policy of the job's own definition is copied from the row of the job. */
function openInsert({ db }: StoreContext): (request: RunToMake, birth: Birth, named: NamedDefinition | null) => boolean {
  const insert = db.prepare(
    `INSERT INTO runs (run_id, job_key, job_version, slot, cause, scheduled_for, fired_at, state, standing, reason, token, executor, lease_ms,
       started_at, first_started_at, due_at, finished_at, settled_at, count, scheduled_for_last, retry_of,
       definition_key, named_definition, queue, handler, overlap, on_uncertain, priority, expires_at)
     SELECT ?2, job_key, version, slot, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
       ?12, ?12, ?13, ?14, ?14, coalesce(?15, 1), ?16, ?17,
       coalesce(?18, definition_key), ?18, coalesce(?19, queue), coalesce(?20, handler), coalesce(?21, overlap), coalesce(?22, on_uncertain), coalesce(?23, priority),
       iif(?13 IS NULL, NULL, ?4 + 1 + iif(?19 IS NULL, expire_after_ms, ?24))
     FROM jobs WHERE uid = ?1 ON CONFLICT DO NOTHING`,
  );
  const announce = db.prepare("INSERT INTO unannounced (settled_at, run_id) VALUES (?, ?)");
  return ({ uid, entry, claimant, now }, { state, reason }, named) => {
    const { runId, cause, scheduledFor, unusual } = entry;
    const claim = state === "running" ? claimant : null;
    const standing = state === "due" ? "publishable" : state === "running" ? "running" : null;
    const endedAt = standing === null ? now : null;
    const made = insert.run(
      ...([uid, runId, cause, scheduledFor, now, state, standing, reason] as const),
      ...([claim?.token ?? null, claim?.executor ?? null, claim?.leaseMs ?? null, claim === null ? null : now] as const),
      ...([state === "due" ? now : null, endedAt] as const),
      ...(unusual === null ? [] : [unusual.count, unusual.scheduledForLast, unusual.retryOf]),
      ...(named === null ? [] : [named.key, ...policyValues(named.policy)]),
    );
    if (made.changes === 1 && endedAt !== null) announce.run(endedAt, runId);
    return made.changes === 1;
  };
}

const policyValues = (policy: Policy | null): readonly SQLInputValue[] =>
  policy === null ? [] : [policy.queue, policy.handler, policy.overlap, policy.onUncertain, readPriority(policy), policy.expireAfterMs];

/** Judges a run before it is made. */
function openJudge({ db, overlap }: StoreContext): (request: RunToMake, named: NamedDefinition | null) => OverlapVerdict {
  const own = query<Pick<Policy, "queue" | "handler" | "overlap"> & { readonly jobKey: number }>(
    db,
    "SELECT job_key AS jobKey, queue, handler, overlap FROM jobs WHERE uid = ?",
  );
  return ({ uid, entry: { runId, scheduledFor } }, named) => {
    const job = own.get(uid);
    return job === undefined ? START : overlap.judge({ ...job, ...named?.policy, runId, scheduledFor, firstStartedAt: null });
  };
}

/** Null: it is the job's own after all. */
function openFindNamed({ db, definitions }: StoreContext): (uid: string, hash: string) => NamedDefinition | null {
  const job = query<{ jobKey: number; definitionKey: number }>(
    db,
    "SELECT job_key AS jobKey, definition_key AS definitionKey FROM jobs WHERE uid = ?",
  );
  return (uid, hash) => {
    const { jobKey = null, definitionKey = null } = job.get(uid) ?? {};
    const key = jobKey === null ? null : definitions.find(jobKey, hash);
    if (key === null) throw new AppError("internal", `fire a run of job ${uid}: no definition ${hash}`);
    if (key === definitionKey) return null;
    definitions.release(key);
    const stored = definitions.read(key);
    return { key, policy: stored.kind === "unreadable" ? null : stored.definition };
  };
}
