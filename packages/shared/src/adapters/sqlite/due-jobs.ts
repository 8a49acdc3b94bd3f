import { AppError } from "../../domain/app-error.ts";
import type { Fire, FireEntry } from "../../domain/fire.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Job, JobState } from "../../domain/job.ts";
import type { OverlapPolicy, OverlapVerdict } from "../../domain/overlap.ts";
import type { Reason } from "../../domain/reason.ts";
import type { RunState } from "../../domain/run-state.ts";
import { readDefinitionText } from "../../domain/stored-definition.ts";
import type { Claimant, FiredRun, FireOutcome, FireRequest, UpcomingQuery } from "../../ports/due-jobs.ts";
import type { StoreContext } from "./context.ts";
import { IS_SEEN, type JobRow, SELECT_JOBS } from "./job-rows.ts";
import type { Contender } from "./overlap.ts";
import { query, toJson, tupleQuery } from "./rows.ts";

/** A fire as it is sent to the store's thread: of the job, what the compare-and-set compares. */
export interface FireCall extends Pick<Fire, "advance" | "entries"> {
  /** Of the entries, in their order. */
  readonly runIds: readonly string[];
  readonly job: Pick<Job, "tenantId" | "uid" | "version" | "nextRunAt" | "definitionHash">;
}
export interface FireCalls extends Omit<FireRequest, "fires"> {
  readonly fires: readonly FireCall[];
}

/** The port `DueJobs`, in rows. */
export interface DueJobRows {
  upcoming(query: UpcomingQuery): JobRow[];
  read(jobUids: readonly string[]): JobRow[];
  fire(calls: FireCalls): FireOutcome[];
}

/** What a fire has to know of a job: what its definition says of its runs, and where it stands. */
interface FiredJob extends Pick<Contender, "jobKey" | "queue" | "handler" | "overlap"> {
  readonly definitionKey: number;
  readonly slot: number;
  readonly onUncertain: string;
  readonly expireAfterMs: number | null;
  /** 0: no run of it is open, so nothing contends with a new one. */
  readonly hasOpen: number;
}

/** A job as it is compared. */
type ComparedJob = readonly [
  ...(readonly [jobKey: number, definitionKey: number, slot: number, queue: string, handler: string, overlap: OverlapPolicy]),
  ...(readonly [onUncertain: string, expireAfterMs: number | null, hasOpen: number]),
  ...(readonly [tenantId: string, state: string, version: number, nextRunAt: number | null]),
];

/** States in which a job can be fired by hand. */
const LIVE: ReadonlySet<string> = new Set<JobState>(["active", "paused", "finished"]);

export function openDueJobs(context: StoreContext): DueJobRows {
  const { db } = context;
  const upcoming = query<JobRow>(
    db,
    `${SELECT_JOBS} WHERE state = 'active' AND next_run_at IS NOT NULL AND next_run_at <= ? AND (next_run_at, uid) > (?, ?)
       AND slot >= ? AND slot < ? ORDER BY next_run_at, uid LIMIT ?`,
  );
  const byUid = query<JobRow>(db, `${SELECT_JOBS} WHERE uid = ? AND ${IS_SEEN}`);
  return {
    upcoming: ({ shard, until, after, limit }) =>
      upcoming.all(
        until ?? Number.MAX_SAFE_INTEGER,
        ...([after?.nextRunAt ?? Number.MIN_SAFE_INTEGER, after?.uid ?? "", shard.from, shard.to, limit] as const),
      ),
    read: (jobUids) => jobUids.flatMap((uid) => byUid.get(uid) ?? []),
    fire: openFire(context),
  };
}

function openFire(context: StoreContext): DueJobRows["fire"] {
  const { db } = context;
  const select = tupleQuery<ComparedJob>(
    db,
    `SELECT job_key, definition_key, slot, queue, handler, overlap, on_uncertain, expire_after_ms,
       EXISTS (SELECT 1 FROM runs WHERE runs.job_key = jobs.job_key AND standing IS NOT NULL), tenant_id, state, version, next_run_at
     FROM jobs WHERE uid = ?`,
  );
  const advance = db.prepare(
    "UPDATE jobs SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, misfires = ?, state = ? WHERE job_key = ?",
  );
  const makeRun = openMakeRun(context);

  /** Compares and sets: nothing else writes between the two. */
  function win({ job: { uid, tenantId, version, nextRunAt }, advance: cursor }: FireCall): FiredJob | null {
    const row = select.get(uid);
    if (row === undefined) return null;
    const [jobKey, definitionKey, slot, queue, handler, overlap, onUncertain, expireAfterMs, hasOpen, ...compared] = row;
    const [storedTenant, state, storedVersion, storedNext] = compared;
    if (storedTenant !== tenantId || storedVersion !== version || !LIVE.has(state)) return null;
    if (cursor !== null) {
      if (storedNext !== nextRunAt || state !== "active") return null;
      advance.run(cursor.nextRunAt, cursor.lastScheduledFor, cursor.firedCount, toJson(cursor.misfires), cursor.state, jobKey);
    }
    return { jobKey, definitionKey, slot, queue, handler, overlap, onUncertain, expireAfterMs, hasOpen };
  }
  return ({ fires, now, claimant, claimed }) =>
    fires.map((fire, index): FireOutcome => {
      const job = win(fire);
      if (job === null) return { kind: "lost" };
      let claiming = claimant !== null && claimed.includes(index) ? claimant : null;
      const runs = fire.entries.map((entry, place) => {
        const own = entry.state === "due" ? claiming : null;
        if (own !== null) claiming = null; // The first due run alone is claimed.
        return makeRun({
          job,
          runId: fire.runIds[place] as string,
          jobUid: fire.job.uid,
          version: fire.job.version,
          hash: fire.job.definitionHash,
          entry,
          claimant: own,
          now,
        });
      });
      return { kind: "won", runs };
    });
}

interface RunToMake {
  readonly job: FiredJob;
  readonly runId: string;
  readonly jobUid: string;
  readonly version: number;
  /** Of the job's own definition. */
  readonly hash: string;
  readonly entry: FireEntry;
  readonly claimant: Claimant | null;
  readonly now: Instant;
}

const START: OverlapVerdict = { kind: "start" };

function openMakeRun({ db, definitions, overlap }: StoreContext): (request: RunToMake) => FiredRun {
  const insert = db.prepare(
    `INSERT INTO runs (run_id, job_key, definition_key, named_definition, job_version, slot, queue, handler, overlap, on_uncertain, cause,
       scheduled_for, count, scheduled_for_last, retry_of, fired_at, state, standing, reason, token, executor, lease_ms, started_at,
       first_started_at, finished_at, settled_at, due_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const existing = query<{ state: RunState; reason: Reason | null }>(db, "SELECT state, reason FROM runs WHERE run_id = ?");
  const announce = db.prepare("INSERT INTO unannounced (run_key, settled_at) VALUES (?, ?)");
  const body = query<{ body: string }>(db, "SELECT body FROM definitions WHERE definition_key = ?");

  /** The job with the policies of the definition that the entry names. */
  function named({ job, jobUid, entry }: RunToMake): FiredJob {
    const definitionKey = definitions.find(job.jobKey, entry.definitionHash);
    if (definitionKey === null) throw new AppError("internal", `fire ${jobUid}: no definition ${entry.definitionHash}`);
    if (definitionKey === job.definitionKey) return job;
    definitions.release(definitionKey);
    const stored = readDefinitionText(body.get(definitionKey)?.body);
    if (stored.kind === "unreadable") return { ...job, definitionKey };
    const { queue, handler, overlap: policy, onUncertain, expireAfterMs } = stored.definition;
    return { ...job, definitionKey, queue, handler, overlap: policy, onUncertain, expireAfterMs };
  }
  /** What becomes of a run as it is made: a due one may be claimed at once, or skipped by its policy. */
  function birth({ job, entry, claimant }: RunToMake, contender: Contender): { readonly state: RunState; readonly reason: Reason | null } {
    if (entry.state !== "due" || claimant === null) return entry;
    const verdict = job.hasOpen === 0 ? START : overlap.judge(contender);
    if (verdict.kind === "skip") return { state: "skipped", reason: verdict.reason };
    // The claim that follows lets it wait.
    return verdict.kind === "wait" ? entry : { state: "running", reason: null };
  }
  return (request) => {
    const { entry, runId, claimant, now, hash } = request;
    const { cause, scheduledFor } = entry;
    const job = entry.definitionHash === hash ? request.job : named(request);
    const { state, reason } = birth(request, { ...job, runId, scheduledFor, firstStartedAt: null });
    const runs = state === "running" && claimant !== null ? claimant : null;
    const ended = state === "due" || state === "running" ? null : now;
    const made = insert.run(
      ...([runId, job.jobKey, job.definitionKey, job.definitionKey === request.job.definitionKey ? null : job.definitionKey] as const),
      ...([request.version, job.slot, job.queue, job.handler, job.overlap, job.onUncertain, cause, scheduledFor, entry.count] as const),
      ...([entry.scheduledForLast, entry.retryOf, now, state] as const),
      ...([state === "due" ? "publishable" : state === "running" ? "running" : null, reason] as const),
      ...(runs === null ? [null, null, null, null, null] : [runs.token, runs.executor, runs.leaseMs, now, now]),
      ...([ended, ended, state === "due" ? now : null] as const),
      state === "due" && job.expireAfterMs !== null ? scheduledFor + job.expireAfterMs + 1 : null,
    );
    if (made.changes === 0)
      return { runId, ...(existing.get(runId) as { state: RunState; reason: Reason | null }), created: false, claimed: false };
    if (ended !== null) announce.run(made.lastInsertRowid, ended);
    return { runId, state, reason, created: true, claimed: runs !== null };
  };
}
