import type { Fire } from "../../../domain/fire/fire.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { FireOutcome, FireRequest, UpcomingQuery } from "../../../ports/jobs/due-jobs.ts";
import type { StoreContext } from "../context.ts";
import { query, type Query, toJson } from "../rows.ts";
import { type EntryCall, type FiredJob, openMakeRun } from "../runs/make-run.ts";
import { IS_SEEN, type DefinedJobRow, SELECT_JOBS } from "./job-rows.ts";

/** A fire as it is sent to the store's thread: of the job, what the compare-and-set compares. */
export interface FireCall extends Pick<Fire, "advance"> {
  readonly job: Pick<Job, "tenantId" | "uid" | "version" | "nextRunAt">;
  readonly entries: readonly EntryCall[];
}
export interface FireCalls extends Omit<FireRequest, "fires"> {
  readonly fires: readonly FireCall[];
}

/** The port `DueJobs`, in rows. */
export interface DueJobRows {
  upcoming(query: UpcomingQuery): DefinedJobRow[];
  read(jobUids: readonly string[]): DefinedJobRow[];
  fire(calls: FireCalls): FireOutcome[];
}

/** States in which a job can be fired by hand. */
const IS_LIVE = "state IN ('active', 'paused', 'finished')";

export function openDueJobs(context: StoreContext): DueJobRows {
  const { db } = context;
  const upcoming = query<DefinedJobRow>(
    db,
    `${SELECT_JOBS} WHERE state = 'active' AND next_run_at IS NOT NULL AND next_run_at <= ? AND (next_run_at, uid) > (?, ?)
       AND slot >= ? AND slot < ? ORDER BY next_run_at, uid LIMIT ? + 0`,
  );
  const byUid = query<DefinedJobRow>(db, `${SELECT_JOBS} WHERE uid = ? AND ${IS_SEEN}`);
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
  const has = (condition: string): Query<FiredJob> =>
    query(
      db,
      `SELECT job_key AS jobKey, EXISTS (SELECT 1 FROM runs WHERE runs.job_key = jobs.job_key AND standing IS NOT NULL) AS hasOpen
       FROM jobs WHERE uid = ? AND tenant_id = ? AND version = ? AND ${condition}`,
    );
  // A plus keeps SQLite from looking for the job among all that are due then.
  const asScheduled = has("state = 'active' AND +next_run_at IS ?");
  const byHand = has(IS_LIVE);
  const advance = db.prepare(
    "UPDATE jobs SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, misfires = ?, state = ? WHERE job_key = ?",
  );
  const makeRun = openMakeRun(context);

  /** Compares and sets: nothing else writes between the two. */
  function win({ job: { uid, tenantId, version, nextRunAt }, advance: cursor }: FireCall): FiredJob | null {
    if (cursor === null) return byHand.get(uid, tenantId, version) ?? null;
    const job = asScheduled.get(uid, tenantId, version, nextRunAt);
    if (job === undefined) return null;
    advance.run(cursor.nextRunAt, cursor.lastScheduledFor, cursor.firedCount, toJson(cursor.misfires), cursor.state, job.jobKey);
    return job;
  }
  return ({ fires, now, claimant, claimed }) =>
    fires.map((fire, index): FireOutcome => {
      const job = win(fire);
      if (job === null) return { kind: "lost" };
      let claiming = claimant !== null && claimed.includes(index) ? claimant : null;
      const runs = fire.entries.map((entry) => {
        const own = entry.state === "due" ? claiming : null;
        if (own !== null) claiming = null; // The first due run alone is claimed.
        return makeRun({ ...job, entry, claimant: own, now });
      });
      return { kind: "won", runs };
    });
}
