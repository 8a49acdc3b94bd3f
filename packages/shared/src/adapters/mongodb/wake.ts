import type { Instant } from "../../domain/instant.ts";
import type { SlotRange } from "../../domain/slot.ts";
import type { WakeResult } from "../../ports/due-runs.ts";
import type { StoreContext } from "./context.ts";
import type { Filter } from "./rows.ts";
import { upTo } from "./indexes.ts";
import { allOf, endRun, inSlots, makeDueAgain, makePublishable, type RunUpdate } from "./run-changes.ts";
import { endedRunOf } from "./run-view.ts";

interface WakeRequest {
  readonly slots: SlotRange;
  readonly now: Instant;
  readonly limit: number;
}

/** A reason to wake a run, and what that does to it. */
interface Kind {
  readonly field: "wakeAt" | "expiresAt";
  readonly filter: Filter;
  readonly update: (now: Instant) => RunUpdate;
}

const RETRIES: Kind = { field: "wakeAt", filter: { state: { $eq: "retrying" } }, update: () => makeDueAgain };
/** Only a run that was never started has such an instant. */
const EXPIRIES: Kind = {
  field: "expiresAt",
  filter: { state: { $eq: "due" } },
  update: (now) => endRun({ state: "skipped", reason: "expired", now, error: null }),
};
/** Publications that nobody claimed, and what was put aside. */
const REPEATS: Kind = { field: "wakeAt", filter: { state: { $eq: "due" } }, update: () => makePublishable };

/** Wakes what is to be woken: retries, then what has expired, then what is left of publications and deferrals. */
export async function wakeRuns(context: StoreContext, request: WakeRequest): Promise<WakeResult> {
  const token = context.newToken();
  const retries = await wakeKind(context, RETRIES, { ...request, token });
  const expired = await wakeKind(context, EXPIRIES, { ...request, token });
  const repeats = await wakeKind(context, REPEATS, { ...request, token });
  const changedBy = { changedBy: { $eq: token } };
  const [closed, ...nexts] = await Promise.all([
    expired.woken === 0 ? [] : context.rows.runs.find({ _id: { $in: expired.runIds }, ...changedBy }),
    ...[RETRIES, EXPIRIES, REPEATS].map((kind) => nextOf(context, kind, request.slots)),
  ]);
  const instants = nexts.filter((next) => next !== null);
  return {
    ready: retries.woken + repeats.woken,
    ended: closed.map(endedRunOf),
    nextWakeAt: instants.length === 0 ? null : Math.min(...instants),
    more: [retries, expired, repeats].some(({ woken }) => woken >= request.limit),
  };
}

async function wakeKind(
  { rows }: StoreContext,
  { field, filter, update }: Kind,
  { slots, now, limit, token }: WakeRequest & { readonly token: string },
): Promise<{ readonly runIds: readonly string[]; readonly woken: number }> {
  const over = { ...filter, [field]: upTo(now) };
  const found = await rows.runs.find({ ...over, ...inSlots(slots) }, { sort: { [field]: 1 }, limit, fields: [field] });
  const runIds = found.map(({ _id }) => _id).sort();
  if (runIds.length === 0) return { runIds, woken: 0 };
  const woken = await rows.runs.updateMany({ _id: { $in: runIds }, ...over }, allOf(update(now), { $set: { changedBy: token } }));
  return { runIds, woken };
}

async function nextOf({ rows }: StoreContext, { field, filter }: Kind, slots: SlotRange): Promise<Instant | null> {
  const first = { sort: { [field]: 1 }, limit: 1, fields: [field] } as const;
  const [row] = await rows.runs.find({ ...filter, [field]: { $exists: true }, ...inSlots(slots) }, first);
  return row?.[field] ?? null;
}
