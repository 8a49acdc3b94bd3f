import type { Instant } from "../../domain/instant.ts";
import { isTerminal } from "../../domain/run-state.ts";
import type { Rescue, RescueResult, RunLeases } from "../../ports/run-leases.ts";
import type { StoreContext } from "./context.ts";
import { groupBy } from "./group-by.ts";
import { upTo } from "./indexes.ts";
import { wakeNext } from "./overlap-wakes.ts";
import type { Change } from "./rows.ts";
import {
  allOf,
  endAttempt,
  endRun,
  inSlots,
  makeDueAgain,
  NOT_CANCELLED,
  OPEN_ATTEMPT,
  type RunUpdate,
  WITHOUT_TOKEN,
} from "./run-changes.ts";
import { endedRunOf, leaseViewOf } from "./run-view.ts";

export const createRunLeases = (context: StoreContext): RunLeases => ({
  async ending({ slots, now, after, limit }) {
    const wakeAt = after === null ? upTo(now) : { ...upTo(now), $gte: after.expiresAt };
    const others = after === null ? {} : { _id: { $nin: after.runIds } };
    const filter = { state: { $eq: "running" }, wakeAt, ...inSlots(slots), ...others };
    return (await context.rows.runs.find(filter, { sort: { wakeAt: 1 }, limit })).map(leaseViewOf);
  },
  async rescue({ rescues, now }) {
    return rescues.length === 0 ? { rescued: 0, ended: [] } : rescueAll(context, rescues, now);
  },
});

async function rescueAll(context: StoreContext, rescues: readonly Rescue[], now: Instant): Promise<RescueResult> {
  const { rows, newToken } = context;
  const batch = { token: newToken(), now };
  const groups = [...groupBy(rescues, ({ to, expiresAt, error }) => JSON.stringify([to, expiresAt, error])).values()];
  await rows.runs.updateEach(groups.flatMap((group) => changesOf(group, batch)));
  const won = await rows.runs.find({ _id: { $in: rescues.map(({ runId }) => runId) }, changedBy: { $eq: batch.token } });
  await wakeNext(context, won);
  return { rescued: won.length, ended: won.filter(({ state }) => isTerminal(state)).map(endedRunOf) };
}

/** Where somebody wants the run cancelled, what would become due again closes instead. */
function changesOf(rescues: readonly Rescue[], { token, now }: { readonly token: string; readonly now: Instant }): Change[] {
  const { to, expiresAt, error } = rescues[0] as Rescue;
  const filter = {
    _id: { $in: rescues.map(({ runId }) => runId).sort() },
    state: { $eq: "running" },
    wakeAt: { $eq: expiresAt },
    ...OPEN_ATTEMPT,
  };
  const rescued = (update: RunUpdate) =>
    allOf(endAttempt({ state: "lost", finishedAt: now }), WITHOUT_TOKEN, update, { $set: { changedBy: token }, $inc: { rescues: 1 } });
  if (to !== "due") return [{ filter, update: rescued(endRun({ state: to, now, error })) }];
  return [
    { filter: { ...filter, ...NOT_CANCELLED }, update: rescued(makeDueAgain(now)) },
    { filter: { ...filter, cancelRequested: { $eq: true } }, update: rescued(endRun({ state: "cancelled", now, error: null })) },
  ];
}
