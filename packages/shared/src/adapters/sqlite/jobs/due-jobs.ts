import type { Fire } from "../../../domain/fire/fire.ts";
import type { Job } from "../../../domain/job/job.ts";
import type { FireOutcome, FireRequest, UpcomingQuery } from "../../../ports/jobs/due-jobs.ts";
import type { StoreContext } from "../context.ts";
import { query, toJson } from "../rows.ts";
import { type EntryCall, type FiredJob, openMakeRun } from "../runs/make-run.ts";
import { IS_SEEN, type DefinedJobRow, SELECT_JOBS } from "./job-rows.ts";

/** A fire as it is sent to the store's thread: of the job, only the fields that the compare-and-set compares. */
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
  const isNamed = "uid = ? AND tenant_id = ? AND version = ?";
  // The plus keeps SQLite from searching for the job among all that are due then.
  const isAsScheduled = `${isNamed} AND state = 'active' AND +next_run_at IS ?`;
  const hasOpen = "EXISTS (SELECT 1 FROM runs WHERE runs.job_key = jobs.job_key AND standing IS NOT NULL)";
  const advance = (condition: string) =>
    db.prepare(`UPDATE jobs SET next_run_at = ?, last_scheduled_for = ?, fired_count = ?, misfires = ?, state = ? WHERE ${condition}`);
  const advanceIdle = advance(`${isAsScheduled} AND NOT ${hasOpen}`); // Mostly.
  const advanceAny = advance(isAsScheduled);
  const byHand = query<{ hasOpen: number }>(db, `SELECT ${hasOpen} AS hasOpen FROM jobs WHERE ${isNamed} AND ${IS_LIVE}`);
  const makeRun = openMakeRun(context);

  /** Compares and sets: no other write runs between the two. */
  function win({ job: { uid, tenantId, version, nextRunAt }, advance: cursor }: FireCall): FiredJob | null {
    if (cursor === null) {
      const found = byHand.get(uid, tenantId, version);
      return found === undefined ? null : { uid, hasOpen: found.hasOpen === 1 };
    }
    const next = [cursor.nextRunAt, cursor.lastScheduledFor, cursor.firedCount, toJson(cursor.misfires), cursor.state] as const;
    const known = [uid, tenantId, version, nextRunAt] as const;
    if (advanceIdle.run(...next, ...known).changes === 1) return { uid, hasOpen: false };
    return advanceAny.run(...next, ...known).changes === 1 ? { uid, hasOpen: true } : null;
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
