import type { Instant } from "../../../domain/time/instant.ts";
import { publicationPlace } from "../../../domain/queue/priority.ts";
import { endRetryWait, endWaitedTooLong, expire, makePublishable, waitForAnother } from "../../../domain/run/run-changes.ts";
import type { Standing } from "../../../domain/run/run-record.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import type { Shard } from "../../../domain/slot.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../../domain/time/time-limits.ts";
import type { DueRuns } from "../../../ports/runs/due-runs.ts";
import type { Answering, StoreContext } from "../context.ts";
import { type DueRunRow, SELECT_DUE_RUNS } from "./due-run-rows.ts";
import { query, type Query } from "../rows.ts";
import { IS_OPEN, type RunRow, SELECT_RUNS, type StoredRun, toStoredRun } from "./run-rows.ts";

type PublishableQuery = Parameters<DueRuns["publishable"]>[0];

/** The port `DueRuns`, with publishable runs in rows. */
export type DueRunsRows = Omit<Answering<DueRuns>, "publishable"> & { publishable(query: PublishableQuery): DueRunRow[] };

/** A run whose job was removed can be neither published nor woken. */
const HAS_JOB = "EXISTS (SELECT 1 FROM jobs WHERE jobs.job_key = runs.job_key)";
const IN_SHARD = "slot >= ? AND slot < ?";
/** Due runs that a time makes publishable again. */
const REPEATED: readonly Standing[] = ["published", "deferred", "waiting"];

export function openDueRuns(context: StoreContext): DueRunsRows {
  const { db } = context;
  const publishable = openPublishable(context);
  const nextQueue = query<{ queue: string | null }>(
    db,
    "SELECT min(queue) AS queue FROM runs WHERE standing = 'publishable' AND standing <> 'running' AND queue > ?",
  );
  const anyOfQueue = query(
    db,
    `SELECT 1 FROM runs WHERE standing = 'publishable' AND standing <> 'running' AND queue = ? AND ${HAS_JOB} AND ${IN_SHARD} LIMIT 1`,
  );
  const unclaimed = query<{ queue: string; count: number }>(
    db,
    `SELECT queue, count(*) AS count FROM runs WHERE standing = 'published' AND standing <> 'running' AND ${IN_SHARD} AND rescues >= ?
     GROUP BY queue`,
  );
  // The same rule as `wasAsideSince`, for a run that was deferred since it was published.
  const publish = db.prepare(
    `UPDATE runs SET standing = 'published', repeat_ms = min(coalesce(2 * repeat_ms, ?1), ?2), wake_at = ?3 + min(coalesce(2 * repeat_ms, ?1), ?2)
     WHERE run_id = ?4 AND attempt = ?5 AND standing = 'publishable' AND NOT (aside_at >= ?6 AND aside_at <= ?3 + ${STORE_TIME_DIFFERENCE_MS_MAX})`,
  );
  const countUnclaimed = ({ from, to }: Shard, rescuesMin: number): Record<string, number> =>
    Object.fromEntries(unclaimed.all(from, to, rescuesMin).map(({ queue, count }) => [queue, count]));
  return {
    publishable,
    queues({ from, to }) {
      const queues: string[] = [];
      for (let queue = nextQueue.get("")?.queue ?? null; queue !== null; queue = nextQueue.get(queue)?.queue ?? null)
        if (anyOfQueue.get(queue, from, to) !== undefined) queues.push(queue);
      return queues;
    },
    published({ runs, now, repeatMs, repeatMsMax }) {
      for (const { runId, attempt, publishedAt = Number.MAX_SAFE_INTEGER } of runs)
        publish.run(repeatMs, repeatMsMax, now, runId, attempt, publishedAt);
    },
    unclaimed: (shard) => countUnclaimed(shard, 0),
    unclaimedRescued: countUnclaimed,
    wake: openWake(context),
    closeWaiting: openCloseWaiting(context),
    resetWaits: openResetWaits(context),
  };
}

/** Each standing, and all handlers or some, has a statement of its own: each reads one range of the index, in its order. */
function openPublishable({ db }: StoreContext): DueRunsRows["publishable"] {
  const open = (standing: "publishable" | "published", condition = ""): Query<DueRunRow> =>
    query<DueRunRow>(
      db,
      `${SELECT_DUE_RUNS} WHERE standing = '${standing}' AND standing <> 'running' AND runs.queue = ?1 AND runs.slot >= ?2 AND runs.slot < ?3
       AND rescues < ?4 ${condition} ORDER BY rank, run_id LIMIT ?5 + 0`,
    );
  const ofSome = "AND runs.handler IN (SELECT value FROM json_each(?6))";
  const [publishable, published] = [open("publishable"), open("published")];
  const [publishableOfSome, publishedOfSome] = [open("publishable", ofSome), open("published", ofSome)];
  return ({ shard, queue, limit, rescuesBelow = Number.MAX_SAFE_INTEGER, unclaimed = false, handlers }) => {
    const values = [queue, shard.from, shard.to, rescuesBelow, limit] as const;
    const read = (all: Query<DueRunRow>, some: Query<DueRunRow>): DueRunRow[] =>
      handlers === undefined ? all.all(...values) : some.all(...values, JSON.stringify(handlers));
    const found = read(publishable, publishableOfSome);
    if (!unclaimed) return found;
    const both = [...found, ...read(published, publishedOfSome)];
    return both.sort((left, right) => (publicationPlace(left) < publicationPlace(right) ? -1 : 1)).slice(0, limit);
  };
}

/** Of the runs that wait for another of their job only the first is looked at again: the others wait for it. */
const repeated = ({ overlap }: StoreContext, run: StoredRun, now: Instant): StoredRun =>
  run.standing === "waiting" && !overlap.isNext(run) ? waitForAnother(run, now) : makePublishable(run);

function openWake(context: StoreContext): Answering<DueRuns>["wake"] {
  const { db, runs, overlap } = context;
  const waking = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE standing = ? AND wake_at IS NOT NULL AND wake_at <= ? AND ${IS_OPEN} AND runs.slot >= ? AND runs.slot < ?
     ORDER BY wake_at, run_key LIMIT ? + 0`,
  );
  const expiring = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE expires_at IS NOT NULL AND expires_at <= ? AND ${IS_OPEN} AND runs.slot >= ? AND runs.slot < ? ORDER BY expires_at, run_key LIMIT ? + 0`,
  );
  const firstWake = query<{ at: number | null }>(
    db,
    `SELECT wake_at AS at FROM runs WHERE standing = ? AND wake_at IS NOT NULL AND ${IS_OPEN} AND ${HAS_JOB} AND ${IN_SHARD} ORDER BY wake_at LIMIT 1`,
  );
  const firstExpiry = query<{ at: number | null }>(
    db,
    `SELECT expires_at AS at FROM runs WHERE expires_at IS NOT NULL AND ${IS_OPEN} AND ${HAS_JOB} AND ${IN_SHARD} ORDER BY expires_at LIMIT 1`,
  );
  return ({ shard: { from, to }, now, limit }) => {
    let [ready, more] = [0, false];
    const ended: StoredRun[] = [];
    const change = (rows: readonly RunRow[], become: (run: StoredRun) => StoredRun): void => {
      more ||= rows.length >= limit;
      for (const row of rows) {
        const next = become(toStoredRun(row));
        runs.save(next);
        if (next.standing === null) ended.push(next);
        else if (next.standing === "publishable") ready += 1;
      }
    };
    change(waking.all("retrying", now, from, to, limit), (run) => endRetryWait(run, now));
    change(expiring.all(now, from, to, limit), (run) => expire(run, now));
    for (const run of ended) ready += overlap.wakeNext(run).length;
    const repeats = REPEATED.flatMap((standing) => waking.all(standing, now, from, to, limit));
    change(repeats.toSorted((left, right) => Number(left.wakeAt) - Number(right.wakeAt)).slice(0, limit), (run) =>
      repeated(context, run, now),
    );
    const instants = [
      ...(["retrying", ...REPEATED] as const).map((standing) => firstWake.get(standing, from, to)?.at),
      firstExpiry.get(from, to)?.at,
    ];
    const earliest = Math.min(...instants.map((at) => at ?? Infinity).filter((at) => !Number.isNaN(at))); // An unreadable instant wakes no run.
    return { ready, ended: runs.toEnded(ended), nextWakeAt: earliest === Infinity ? null : earliest, more };
  };
}

function openCloseWaiting({ db, runs, overlap }: StoreContext): Answering<DueRuns>["closeWaiting"] {
  const select = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE due_at IS NOT NULL AND due_at < ? AND ${IS_OPEN} AND runs.slot >= ? AND runs.slot < ? ORDER BY due_at, run_id LIMIT ? + 0`,
  );
  return ({ shard, dueBefore, now, limit }): EndedRun[] => {
    const late = select.all(dueBefore, shard.from, shard.to, limit).map(toStoredRun);
    const closed = late.map((run) => endWaitedTooLong(run, now));
    for (const run of closed) runs.save(run);
    for (const run of closed) overlap.wakeNext(run);
    return runs.toEnded(closed);
  };
}

/** Of the leases only those that end by time can be reset. */
function openResetWaits(context: StoreContext): Answering<DueRuns>["resetWaits"] {
  const { db, runs } = context;
  const later = query<RunRow>(
    db,
    `${SELECT_RUNS} WHERE standing = ? AND wake_at IS NOT NULL AND wake_at > ? AND ${IS_OPEN} AND runs.slot >= ? AND runs.slot < ?`,
  );
  const endLeasesSooner = db.prepare(
    `UPDATE runs SET lease_ends_at = ?1 + lease_ms
     WHERE lease_ends_at IS NOT NULL AND lease_by_time = 1 AND standing = 'running' AND lease_ends_at > ?2 + lease_ms AND slot >= ?3 AND slot < ?4`,
  );
  return ({ shard: { from, to }, now, waitMsMax }) => {
    const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
    const late = REPEATED.flatMap((standing) => later.all(standing, latest + waitMsMax, from, to).map(toStoredRun));
    const retries = later.all("retrying", latest, from, to).map(toStoredRun);
    const sooner = retries.flatMap((run) => {
      const failedAt = run.pastAttempts.at(-1)?.finishedAt ?? now;
      const wakeAt = run.wakeAt ?? now;
      return failedAt <= latest || wakeAt < failedAt ? [] : [{ ...run, wakeAt: now + wakeAt - failedAt }];
    });
    const changed = [...late.map((run) => repeated(context, run, now)), ...sooner];
    for (const run of changed) runs.save(run);
    return changed.length + Number(endLeasesSooner.run(now, latest, from, to).changes);
  };
}
