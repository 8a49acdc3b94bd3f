import { isTerminal } from "../../../domain/run/run-state.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import type { Rescue, RunLeases } from "../../../ports/runs/run-leases.ts";
import { wakeNext } from "../claims/wake-waiting.ts";
import { upTo } from "../collections/indexes.ts";
import { type Change, type Filter, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import {
  mergeUpdates,
  changedBy,
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
import { toEndedRuns, toLeaseView } from "./run-view.ts";

export const createRunLeases = (context: StoreContext): RunLeases => ({
  async ending({ shard, now, after, limit }) {
    const wakeAt = after === null ? upTo(now) : { ...upTo(now), $gte: after.expiresAt };
    const others = after === null ? {} : { _id: { $nin: after.runIds } };
    const filter = { state: { $eq: "running" }, wakeAt, ...inShardQuery(shard), ...others };
    return (await context.rows.runs.find(filter, { sort: { wakeAt: 1 }, limit })).map(toLeaseView);
  },
  async rescue({ rescues, now }) {
    const { runs } = context.rows;
    const own = changedBy(context.newToken());
    const groups = [...Map.groupBy(rescues, ({ to, expiresAt, error }) => JSON.stringify([to, expiresAt, error])).values()];
    await runs.updateEach(groups.flatMap((group) => rescueAlike(group, own.update, now)));
    const won = await runs.find({ ...withIds(rescues.map(({ runId }) => runId)), ...own.filter });
    await wakeNext(context, won);
    const ended = won.filter(({ state }) => isTerminal(state));
    return { rescued: won.length, ended: toEndedRuns(context, ended) };
  },
});

/**
 * A run with a cancel request closes instead of becoming due again. A run without an open attempt, because its history is
 * damaged, starts a new history: otherwise no write could end it, and it would never release the lock of its job.
 */
function rescueAlike(rescues: readonly Rescue[], own: RunUpdate, now: Instant): Change[] {
  const { to, expiresAt, error } = rescues[0] as Rescue;
  const filter = { ...withIds(rescues.map(({ runId }) => runId)), state: { $eq: "running" }, wakeAt: { $eq: expiresAt } };
  const changes = (only: Filter, update: RunUpdate): Change[] => {
    const rescued = (attempts: Partial<RunUpdate>) => mergeUpdates(attempts, WITHOUT_TOKEN, update, own, { $inc: { rescues: 1 } });
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
