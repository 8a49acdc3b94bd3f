import type { Fire } from "../../../domain/fire.ts";
import type { Instant } from "../../../domain/instant.ts";
import { type PendingFire, PENDING_MAX } from "./job-row.ts";
import type { Change } from "../collections/rows.ts";

interface Batch {
  readonly token: string;
  readonly now: Instant;
}

/**
 * Equal fires as one statement: jobs of one tenant, version, old instant and new cursor whose runs differ in nothing but
 * their job. A thousand jobs that fire every minute are one update, and not a thousand. No job may stand there twice.
 */
export function groupFires(fires: readonly Fire[], batch: Batch): Change[] {
  const groups = new Map<string, { readonly fire: Fire; readonly jobUids: string[] }>();
  for (const fire of fires) {
    const key = JSON.stringify([
      fire.job.tenantId,
      fire.job.version,
      fire.job.nextRunAt,
      firedCount(fire),
      { ...fire.advance, firedCount: 0 },
      entriesOf(fire, batch),
    ]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { fire, jobUids: [fire.job.uid] });
    else group.jobUids.push(fire.job.uid);
  }
  return [...groups.values()].map(({ fire, jobUids }) => ({ filter: filterOf(fire, jobUids), update: updateOf(fire, batch) }));
}

/** How many scheduled fires this one counts; the sum itself differs from job to job. */
const firedCount = ({ job, advance }: Fire): number => (advance === null ? 0 : advance.firedCount - job.firedCount);

const entriesOf = ({ job, entries }: Fire, { token, now }: Batch): PendingFire[] =>
  entries.map((entry) => ({
    ...entry,
    definitionHash: entry.definitionHash === job.definitionHash ? null : entry.definitionHash,
    token,
    jobVersion: job.version,
    firedAt: now,
  }));

const filterOf = ({ job, advance, entries }: Fire, jobUids: readonly string[]) => ({
  _id: { $in: jobUids.toSorted() },
  tenantId: { $eq: job.tenantId },
  version: { $eq: job.version },
  ...(advance === null ? { state: { $ne: "deleted" } } : { state: { $eq: "active" }, nextRunAt: { $eq: job.nextRunAt } }),
  [`pending.${PENDING_MAX - entries.length}`]: { $exists: false },
});

function updateOf(fire: Fire, batch: Batch) {
  const { advance } = fire;
  const entries = entriesOf(fire, batch);
  const { firedCount: _, ...cursor } = advance ?? { firedCount: 0 };
  return {
    $set: { ...cursor, fireToken: batch.token },
    ...(advance === null ? {} : { $inc: { firedCount: firedCount(fire) } }),
    ...(entries.length === 0 ? {} : { $push: { pending: { $each: entries } } }),
  };
}
