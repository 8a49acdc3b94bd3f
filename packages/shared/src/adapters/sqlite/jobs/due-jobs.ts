import type { SQLInputValue, StatementResultingChanges } from "node:sqlite";
import { AppError } from "../../../domain/app-error.ts";
import type { Fire, FireEntry } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import type { Job, JobState } from "../../../domain/job.ts";
import type { OverlapPolicy, OverlapVerdict } from "../../../domain/overlap.ts";
import type { Reason } from "../../../domain/reason.ts";
import { identifyRun, type RunIdentity } from "../../../domain/run.ts";
import type { RunRecord } from "../../../domain/run-record.ts";
import type { RunState } from "../../../domain/run-state.ts";
import { readDefinitionText } from "../../../domain/stored-definition.ts";
import type { Claimant, FiredRun, FireOutcome, FireRequest, UpcomingQuery } from "../../../ports/due-jobs.ts";
import type { StoreContext } from "../context.ts";
import { IS_SEEN, type JobRow, SELECT_JOBS } from "./job-rows.ts";
import type { Contender } from "../runs/overlap.ts";
import { columnOf, query, toJson } from "../rows.ts";
import { IDENTITY_FIELDS } from "../runs/run-rows.ts";

/** A fire as it is sent to the store's thread: of the job, what the compare-and-set compares. */
export interface FireCall extends Pick<Fire, "advance" | "entries"> {
  readonly job: Pick<Job, "tenantId" | "uid" | "version" | "nextRunAt" | "definitionHash">;
  /** Of the runs of the entries, in their order, as the job's own definition makes them. */
  readonly runs: readonly RunIdentity[];
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

/** What else a fire has to know of a job. */
interface FiredJob {
  readonly jobKey: number;
  readonly definitionKey: number;
  readonly slot: number;
  readonly overlap: OverlapPolicy;
  readonly onUncertain: string;
  readonly expireAfterMs: number | null;
  /** 0: no run of it is open, so nothing contends with a new one. */
  readonly hasOpen: number;
}

/** A job as it is compared. */
type ComparedJob = FiredJob & Pick<Job, "tenantId" | "version" | "nextRunAt"> & { readonly state: string };

/** States in which a job can be fired by hand. */
const LIVE: ReadonlySet<string> = new Set<JobState>(["active", "paused", "finished"]);

export function openDueJobs(context: StoreContext): DueJobRows {
  const { db } = context;
  const upcoming = query<JobRow>(
    db,
    `${SELECT_JOBS} WHERE state = 'active' AND next_run_at IS NOT NULL AND next_run_at <= ? AND (next_run_at, uid) > (?, ?)
       AND slot >= ? AND slot < ? ORDER BY next_run_at, uid LIMIT ? + 0`,
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
  const select = query<ComparedJob>(
    db,
    `SELECT job_key AS jobKey, definition_key AS definitionKey, slot, overlap, on_uncertain AS onUncertain, expire_after_ms AS expireAfterMs,
       EXISTS (SELECT 1 FROM runs WHERE runs.job_key = jobs.job_key AND standing IS NOT NULL) AS hasOpen,
       tenant_id AS tenantId, state, version, next_run_at AS nextRunAt
     FROM jobs WHERE uid = ?`,
  );
  const advance = db.prepare(
    "UPDATE jobs SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, misfires = ?, state = ? WHERE job_key = ?",
  );
  const makeRun = openMakeRun(context);

  /** Compares and sets: nothing else writes between the two. */
  function win({ job: { uid, tenantId, version, nextRunAt }, advance: cursor }: FireCall): FiredJob | null {
    const job = select.get(uid);
    if (job === undefined || job.tenantId !== tenantId || job.version !== version || !LIVE.has(job.state)) return null;
    if (cursor === null) return job;
    if (job.nextRunAt !== nextRunAt || job.state !== "active") return null;
    advance.run(cursor.nextRunAt, cursor.lastScheduledFor, cursor.firedCount, toJson(cursor.misfires), cursor.state, job.jobKey);
    return job;
  }
  return ({ fires, now, claimant, claimed }) =>
    fires.map((fire, index): FireOutcome => {
      const job = win(fire);
      if (job === null) return { kind: "lost" };
      let claiming = claimant !== null && claimed.includes(index) ? claimant : null;
      const runs = fire.entries.map((entry, place) => {
        const own = entry.state === "due" ? claiming : null;
        if (own !== null) claiming = null; // The first due run alone is claimed.
        return makeRun({ job, identity: fire.runs[place] as RunIdentity, hash: fire.job.definitionHash, entry, claimant: own, now });
      });
      return { kind: "won", runs };
    });
}

interface RunToMake {
  readonly job: FiredJob;
  readonly identity: RunIdentity;
  /** Of the job's own definition. */
  readonly hash: string;
  readonly entry: FireEntry;
  readonly claimant: Claimant | null;
  readonly now: Instant;
}

/** What a definition decides of a run. */
interface Defined {
  readonly definitionKey: number;
  /** Null: it is the job's own. */
  readonly namedDefinition: number | null;
  readonly identity: RunIdentity;
  readonly policy: Pick<FiredJob, "overlap" | "onUncertain" | "expireAfterMs">;
}

const START: OverlapVerdict = { kind: "start" };

function openMakeRun(context: StoreContext): (request: RunToMake) => FiredRun {
  const { db, overlap } = context;
  const insert = openInsert(db);
  const named = openNamed(context);
  const existing = query<{ state: RunState; reason: Reason | null }>(db, "SELECT state, reason FROM runs WHERE run_id = ?");
  const announce = db.prepare("INSERT INTO unannounced (run_key, settled_at) VALUES (?, ?)");

  /** What becomes of a run as it is made: a due one may be claimed at once, or skipped by its policy. */
  function birth({ job, entry, claimant }: RunToMake, contender: () => Contender): Pick<RunRecord, "state" | "reason"> {
    if (entry.state !== "due" || claimant === null) return entry;
    const verdict = job.hasOpen === 0 ? START : overlap.judge(contender());
    if (verdict.kind === "skip") return { state: "skipped", reason: verdict.reason };
    // The claim that follows lets it wait.
    return verdict.kind === "wait" ? entry : { state: "running", reason: null };
  }
  return (request) => {
    const { job, entry, claimant, now, hash } = request;
    const { definitionKey, namedDefinition, identity, policy } =
      entry.definitionHash === hash
        ? { definitionKey: job.definitionKey, namedDefinition: null, identity: request.identity, policy: job }
        : named(request);
    const { runId, scheduledFor } = identity;
    const { state, reason } = birth(request, () => ({ ...identity, jobKey: job.jobKey, overlap: policy.overlap, firstStartedAt: null }));
    const claim = state === "running" ? claimant : null;
    const startedAt = claim === null ? null : now;
    const endedAt = state === "due" || state === "running" ? null : now;
    const made = insert(identity, [
      ...([job.jobKey, definitionKey, namedDefinition, job.slot, policy.overlap, policy.onUncertain, entry.count] as const),
      ...([entry.scheduledForLast, entry.retryOf, now, state] as const),
      ...([state === "due" ? "publishable" : state === "running" ? "running" : null, reason] as const),
      ...([claim?.token ?? null, claim?.executor ?? null, claim?.leaseMs ?? null, startedAt, startedAt, endedAt, endedAt] as const),
      ...([state === "due" ? now : null] as const),
      state === "due" && policy.expireAfterMs !== null ? scheduledFor + policy.expireAfterMs + 1 : null,
    ]);
    if (made.changes === 0)
      return { runId, ...(existing.get(runId) as Pick<RunRecord, "state" | "reason">), created: false, claimed: false };
    if (endedAt !== null) announce.run(made.lastInsertRowid, endedAt);
    return { runId, state, reason, created: true, claimed: claim !== null };
  };
}

function openInsert(db: StoreContext["db"]): (identity: RunIdentity, rest: readonly SQLInputValue[]) => StatementResultingChanges {
  const own = IDENTITY_FIELDS.map(columnOf);
  const rest = `job_key, definition_key, named_definition, slot, overlap, on_uncertain, count, scheduled_for_last, retry_of, fired_at, state,
    standing, reason, token, executor, lease_ms, started_at, first_started_at, finished_at, settled_at, due_at, expires_at`;
  const marks = [...own, ...rest.split(",")].map(() => "?").join(", ");
  const insert = db.prepare(`INSERT INTO runs (${own.join(", ")}, ${rest}) VALUES (${marks}) ON CONFLICT DO NOTHING`);
  return (identity, values) => insert.run(...IDENTITY_FIELDS.map((field) => identity[field]), ...values);
}

/** What another definition than the job's own, which an entry names, decides of its run. */
function openNamed({ db, definitions }: StoreContext): (request: RunToMake) => Defined {
  const body = query<{ body: string }>(db, "SELECT body FROM definitions WHERE definition_key = ?");
  return ({ job, identity, entry }) => {
    const definitionKey = definitions.find(job.jobKey, entry.definitionHash);
    if (definitionKey === null) throw new AppError("internal", `fire ${identity.jobUid}: no definition ${entry.definitionHash}`);
    const namedDefinition = definitionKey === job.definitionKey ? null : definitionKey;
    if (namedDefinition === null) return { definitionKey, namedDefinition, identity, policy: job };
    definitions.release(definitionKey);
    const stored = readDefinitionText(body.get(definitionKey)?.body);
    if (stored.kind === "unreadable") return { definitionKey, namedDefinition, identity, policy: job };
    const { definition } = stored;
    return {
      definitionKey,
      namedDefinition,
      identity: identifyRun({ ...identity, slot: job.slot, definition }, identity),
      policy: definition,
    };
  };
}
