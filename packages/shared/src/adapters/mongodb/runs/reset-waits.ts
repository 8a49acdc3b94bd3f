import type { Instant } from "../../../domain/time/instant.ts";
import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../../domain/time/time-limits.ts";
import type { DueRuns } from "../../../ports/runs/due-runs.ts";
import type { StoreContext } from "../context.ts";
import { type Change, type Filter, withIds } from "../collections/rows.ts";
import { mergeUpdates, inShardQuery, makePublishable } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";

type Request = Parameters<DueRuns["resetWaits"]>[0];
type Runs = StoreContext["rows"]["runs"];

/** Rows changed by one batch. */
const BATCH_ROWS = 1_000;

export async function resetWaits({ rows: { runs } }: StoreContext, request: Request): Promise<number> {
  return (await resetDue(runs, request)) + (await resetRetries(runs, request)) + (await resetLeases(runs, request));
}

/** By the index on (`state`, `wakeAt`). */
const waiting = (state: RunRow["state"], after: Instant): Filter => ({ state: { $eq: state }, wakeAt: { $exists: true, $gt: after } });

async function resetDue(runs: Runs, { shard, now, waitMsMax }: Request): Promise<number> {
  const wrong = { ...waiting("due", now + waitMsMax + STORE_TIME_DIFFERENCE_MS_MAX), ...inShardQuery(shard) };
  for (let reset = 0; ;) {
    const found = await runs.find(wrong, { sort: { wakeAt: 1 }, limit: BATCH_ROWS, fields: ["wakeAt"] });
    reset += await runs.updateMany({ ...withIds(found.map(({ _id }) => _id)), ...wrong }, mergeUpdates(makePublishable));
    if (found.length < BATCH_ROWS) return reset;
  }
}

/**
 * In ascending order: reset runs sort before those that are still to be read. The order is that of the index, which has no ids: a page continues at
 * the instant of the last one, without the runs of that instant that were read.
 */
async function resetRetries(runs: Runs, { shard, now }: Request): Promise<number> {
  const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
  let from: Instant = latest;
  let looked: readonly string[] = [];
  for (let reset = 0; ;) {
    const wakeAt = { $exists: true, $gt: latest, $gte: from };
    const others = looked.length === 0 ? {} : { _id: { $nin: looked } };
    const filter = { state: { $eq: "retrying" }, wakeAt, ...inShardQuery(shard), ...others };
    const found = await runs.find(filter, { sort: { wakeAt: 1 }, limit: BATCH_ROWS, fields: ["wakeAt", "attempts"] });
    const { matched } = await runs.updateEach(found.flatMap((row) => sooner(row, { now, latest })));
    reset += matched;
    const last = found.at(-1)?.wakeAt;
    if (last === undefined || found.length < BATCH_ROWS) return reset;
    const same = found.flatMap((row) => (row.wakeAt === last ? [row._id] : []));
    looked = last === from ? [...looked, ...same] : same;
    from = last;
  }
}

function sooner({ _id, wakeAt = 0, attempts }: RunRow, { now, latest }: { readonly now: Instant; readonly latest: Instant }): Change[] {
  const failedAt = (Array.isArray(attempts) ? (attempts as RunRow["attempts"]).at(-1)?.finishedAt : null) ?? now;
  if (failedAt <= latest || wakeAt < failedAt) return [];
  const retryAt = now + wakeAt - failedAt;
  return [
    {
      filter: { _id: { $eq: _id }, state: { $eq: "retrying" }, wakeAt: { $eq: wakeAt } },
      update: { $set: { wakeAt: retryAt, retryAt } },
    },
  ];
}

/** All at once: there are at most as many as workers. */
async function resetLeases(runs: Runs, { shard, now }: Request): Promise<number> {
  const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
  const found = await runs.find({ ...waiting("running", latest), ...inShardQuery(shard) }, { fields: ["wakeAt", "leaseMs"] });
  const wrong = found.filter(({ wakeAt = 0, leaseMs = 0 }) => wakeAt > latest + leaseMs);
  const changes = [...Map.groupBy(wrong, ({ leaseMs }) => String(leaseMs)).values()].map((group) => {
    const leaseMs = group[0]?.leaseMs ?? 0;
    const filter = { ...withIds(group.map(({ _id }) => _id)), ...waiting("running", latest + leaseMs) };
    return { filter, update: { $set: { wakeAt: now + leaseMs } } };
  });
  return (await runs.updateEach(changes)).matched;
}
