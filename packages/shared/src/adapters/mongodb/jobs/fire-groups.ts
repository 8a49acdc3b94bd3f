import type { Fire } from "../../../domain/fire/fire.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { type PendingFire, PENDING_MAX } from "./job-row.ts";
import { type Change, equal, withIds } from "../collections/rows.ts";

interface Batch {
  readonly token: string;
  readonly now: Instant;
}

/**
 * Equal fires as one statement: jobs of one tenant, version, old instant and new cursor whose runs differ in nothing but
 * their job. A thousand jobs that fire every minute are one update, and not a thousand. No job may stand there twice.
 */
export function groupFires(fires: readonly Fire[], batch: Batch): Change[] {
  const groups = Map.groupBy(fires, (fire) => {
    const { tenantId, version, nextRunAt } = fire.job;
    return JSON.stringify([tenantId, version, nextRunAt, countFired(fire), { ...fire.advance, firedCount: 0 }, toPending(fire, batch)]);
  });
  return [...groups.values()].map((group) => toChange(group, batch));
}

/** How many scheduled fires this one counts; the sum itself differs from job to job. */
const countFired = ({ job, advance }: Fire): number => (advance === null ? 0 : advance.firedCount - job.firedCount);

const toPending = ({ job, entries }: Fire, { token, now }: Batch): PendingFire[] =>
  entries.map((entry) => ({
    ...entry,
    definitionHash: entry.definitionHash === job.definitionHash ? null : entry.definitionHash,
    token,
    jobVersion: job.version,
    firedAt: now,
  }));

function toChange(fires: readonly Fire[], batch: Batch): Change {
  const fire = fires[0] as Fire;
  const { job, advance } = fire;
  const entries = toPending(fire, batch);
  const { firedCount: _, ...cursor } = advance ?? { firedCount: 0 };
  return {
    filter: {
      ...withIds(fires.map(({ job: { uid } }) => uid)),
      ...equal({ tenantId: job.tenantId, version: job.version }),
      ...(advance === null ? { state: { $ne: "deleted" } } : { state: { $eq: "active" }, nextRunAt: { $eq: job.nextRunAt } }),
      [`pending.${PENDING_MAX - entries.length}`]: { $exists: false },
    },
    update: {
      $set: { ...cursor, fireToken: batch.token },
      ...(advance !== null && { $inc: { firedCount: countFired(fire) } }),
      ...(entries.length > 0 && { $push: { pending: { $each: entries } } }),
    },
  };
}
