import type { Instant } from "../../../domain/instant.ts";
import { isTerminal } from "../../../domain/run-state.ts";
import type { Rescue, RescueResult, RunLeases } from "../../../ports/run-leases.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { upTo } from "../collections/indexes.ts";
import { wakeNext } from "../claims/overlap-wakes.ts";
import type { Change, Filter } from "../collections/rows.ts";
import {
  allOf,
  endAttempt,
  endRun,
  inShardQuery,
  makeDueAgain,
  NO_OPEN_ATTEMPT,
  NOT_CANCELLED,
  OPEN_ATTEMPT,
  type RunUpdate,
  WITHOUT_TOKEN,
} from "./run-changes.ts";
import { asReadable, endedRunOf, leaseViewOf } from "./run-view.ts";

export const createRunLeases = (context: StoreContext): RunLeases => ({
  async ending({ shard, now, after, limit }) {
    const wakeAt = after === null ? upTo(now) : { ...upTo(now), $gte: after.expiresAt };
    const others = after === null ? {} : { _id: { $nin: after.runIds } };
    const filter = { state: { $eq: "running" }, wakeAt, ...inShardQuery(shard), ...others };
    return (await context.rows.runs.find(filter, { sort: { wakeAt: 1 }, limit })).map(leaseViewOf);
  },
  async rescue({ rescues, now }) {
    return rescues.length === 0 ? { rescued: 0, ended: [] } : rescueAll(context, rescues, now);
  },
});

async function rescueAll(context: StoreContext, rescues: readonly Rescue[], now: Instant): Promise<RescueResult> {
  const { rows, newToken, onUnreadable } = context;
  const batch = { token: newToken(), now };
  const groups = [...groupBy(rescues, ({ to, expiresAt, error }) => JSON.stringify([to, expiresAt, error])).values()];
  await rows.runs.updateEach(groups.flatMap((group) => changesOf(group, batch)));
  const won = await rows.runs.find({ _id: { $in: rescues.map(({ runId }) => runId) }, changedBy: { $eq: batch.token } });
  await wakeNext(context, won);
  const ended = won.filter(({ state }) => isTerminal(state));
  return { rescued: won.length, ended: mapReadable(ended, asReadable(endedRunOf, onUnreadable)) };
}

/**
 * Where somebody wants the run cancelled, what would become due again closes instead. A run without an open attempt, as its history is not
 * what was written, begins a new one: nobody else could end it, and it would hold the lock of its job for ever.
 */
function changesOf(rescues: readonly Rescue[], { token, now }: { readonly token: string; readonly now: Instant }): Change[] {
  const { to, expiresAt, error } = rescues[0] as Rescue;
  const filter = { _id: { $in: rescues.map(({ runId }) => runId).sort() }, state: { $eq: "running" }, wakeAt: { $eq: expiresAt } };
  const changes = (only: Filter, update: RunUpdate): Change[] => {
    const rescued = (attempts: Partial<RunUpdate>) =>
      allOf(attempts, WITHOUT_TOKEN, update, { $set: { changedBy: token }, $inc: { rescues: 1 } });
    return [
      { filter: { ...filter, ...only, ...OPEN_ATTEMPT }, update: rescued(endAttempt({ state: "lost", finishedAt: now })) },
      { filter: { ...filter, ...only, ...NO_OPEN_ATTEMPT }, update: rescued({ $set: { attempts: [] } }) },
    ];
  };
  if (to !== "due") return changes({}, endRun({ state: to, now, error }));
  return [
    ...changes(NOT_CANCELLED, makeDueAgain(now)),
    ...changes({ cancelRequested: { $eq: true } }, endRun({ state: "cancelled", now, error: null })),
  ];
}
