import type { Instant } from "../../../domain/instant.ts";
import type { Shard } from "../../../domain/slot.ts";
import type { WakeResult } from "../../../ports/due-runs.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { upTo } from "../collections/indexes.ts";
import { repeatWaits } from "../claims/overlap-repeats.ts";
import { wakeNext } from "../claims/overlap-wakes.ts";
import { READABLE_FIELDS } from "../claims/readable-runs.ts";
import type { Filter } from "../collections/rows.ts";
import { allOf, endRun, inShardQuery, makeDueAgain, makePublishable, type RunUpdate } from "./run-changes.ts";
import { FOR_UNKNOWN_HANDLER, type RunRow, waitsForAnother } from "./run-row.ts";
import { asReadable, endedRunOf } from "./run-view.ts";

interface WakeRequest {
  readonly shard: Shard;
  readonly now: Instant;
  readonly limit: number;
}

/** A reason to wake a run, and what that does to it. */
interface Kind {
  readonly field: "wakeAt" | "expiresAt";
  readonly filter: Filter;
  /** What no time wakes is found and left as it is. */
  readonly unless?: Filter;
  readonly update: (now: Instant) => RunUpdate;
}

/** One whose attempt is no number can have no next one: the server would refuse it, and with it those behind it in a statement. */
const RETRIES: Kind = {
  field: "wakeAt",
  filter: { state: { $eq: "retrying" }, attempt: { $type: "number" } },
  update: makeDueAgain,
};
/** Only a run that was never started has such an instant. */
const EXPIRIES: Kind = {
  field: "expiresAt",
  filter: { state: { $eq: "due" } },
  update: (now) => endRun({ state: "skipped", reason: "expired", now, error: null }),
};
/**
 * Publications that nobody claimed, and what was put aside until a time. What waits for another run of its job is not simply published
 * again, and what waits for a handler not at all.
 */
const REPEATS: Kind = { field: "wakeAt", filter: { state: { $eq: "due" } }, update: () => makePublishable };

/** In this order: what has expired is not published again. */
const KINDS = [RETRIES, EXPIRIES, REPEATS] as const;

interface Woken {
  readonly runIds: readonly string[];
  readonly ready: number;
  /** As many were found as were asked for. */
  readonly more: boolean;
}

const NONE: Woken = { runIds: [], ready: 0, more: false };

/** Wakes what is to be woken. Mostly that is nothing, which the first instant of each kind tells. */
export async function wakeRuns(context: StoreContext, { shard, now, limit }: WakeRequest): Promise<WakeResult> {
  const token = context.newToken();
  const readFirsts = () => Promise.all(KINDS.map((kind) => firstOf(context, kind, shard)));
  const firsts = await readFirsts();
  const woken: Woken[] = [];
  for (const [index, kind] of KINDS.entries())
    woken.push((firsts[index] ?? Infinity) > now ? NONE : await wakeKind(context, kind, { shard, now, limit, token }));
  const [retries, expired, repeats] = woken as [Woken, Woken, Woken];
  const closed =
    expired.runIds.length === 0 ? [] : await context.rows.runs.find({ _id: { $in: expired.runIds }, changedBy: { $eq: token } });
  const next = [...(await wakeNext(context, closed)).values()].flat();
  return {
    ready: retries.ready + next.length + repeats.ready,
    ended: mapReadable(closed, asReadable(endedRunOf, context.onUnreadable)),
    nextWakeAt: earliest(woken.every((kind) => kind === NONE) ? firsts : await readFirsts()),
    more: woken.some((kind) => kind.more),
  };
}

const earliest = (instants: readonly (Instant | null)[]): Instant | null => {
  const first = Math.min(...instants.map((instant) => instant ?? Infinity));
  return first === Infinity ? null : first;
};

async function wakeKind(
  context: StoreContext,
  kind: Kind,
  { shard, now, limit, token }: WakeRequest & { readonly token: string },
): Promise<Woken> {
  const { runs } = context.rows;
  const over = { ...kind.filter, [kind.field]: upTo(now) };
  const fields = [kind.field, "jobUid", "scheduledFor", "queue", "handler", "standing", "reason", "waitMs", "exclusive", "state"];
  if (kind === REPEATS) fields.push(...READABLE_FIELDS);
  const found = await runs.find({ ...over, ...inShardQuery(shard) }, { sort: { [kind.field]: 1 }, limit, fields });
  if (found.length === 0) return NONE;
  const waiting = kind === REPEATS ? found.filter(waitsForAnother) : [];
  const unwanted = kind === REPEATS ? found.filter(waitsForHandler) : [];
  const others = idsOf(found.filter((row) => !waiting.includes(row) && !unwanted.includes(row)));
  const update = allOf(kind.update(now), { $set: { changedBy: token } });
  const ready = others.length === 0 ? 0 : await runs.updateMany({ _id: { $in: others }, ...over }, update);
  // Given a time by an executor of a version before this one: it is taken away, so that they are not met again.
  if (unwanted.length > 0) await runs.updateMany({ _id: { $in: idsOf(unwanted) }, ...FOR_UNKNOWN_HANDLER }, { $unset: { wakeAt: "" } });
  return { runIds: idsOf(found), ready: ready + (await repeatWaits(context, waiting, now)), more: found.length >= limit };
}

const idsOf = (rows: readonly RunRow[]): string[] => rows.map(({ _id }) => _id).sort();

const waitsForHandler = ({ standing, reason }: RunRow): boolean => standing === "deferred" && reason === "unknown_handler";

async function firstOf({ rows }: StoreContext, { field, filter }: Kind, shard: Shard): Promise<Instant | null> {
  const first = { sort: { [field]: 1 }, limit: 1, fields: [field] } as const;
  // Numbers alone: what else stands there sorts before them, and would be met as the first for ever.
  const [row] = await rows.runs.find(
    { ...filter, [field]: { $exists: true, $gte: Number.MIN_SAFE_INTEGER }, ...inShardQuery(shard) },
    first,
  );
  return row?.[field] ?? null;
}
