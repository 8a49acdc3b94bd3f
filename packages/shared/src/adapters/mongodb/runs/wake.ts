import type { Instant } from "../../../domain/time/instant.ts";
import type { Shard } from "../../../domain/slot.ts";
import type { WakeResult } from "../../../ports/runs/due-runs.ts";
import { repeatWaits, wakeNext } from "../claims/wake-waiting.ts";
import { upTo } from "../collections/indexes.ts";
import { type Filter, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import { RUNNABLE_FIELDS } from "./due-run-reads.ts";
import { mergeUpdates, changedBy, endRun, inShardQuery, makeDueAgain, makePublishable, type RunUpdate } from "./run-changes.ts";
import { FOR_UNKNOWN_HANDLER, type RunRow, waitsForAnother } from "./run-row.ts";
import { toEndedRuns } from "./run-view.ts";

interface WakeRequest {
  readonly shard: Shard;
  readonly now: Instant;
  readonly limit: number;
}

/** A reason to wake a run, and the change that it makes. */
interface Kind {
  readonly field: "wakeAt" | "expiresAt";
  readonly filter: Filter;
  readonly update: (now: Instant) => RunUpdate;
}

/** A run whose attempt is not a number has no next attempt: the server would refuse the update, and with it the later ones of the statement. */
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
 * Publications that were not claimed, and runs deferred until a time. Runs that wait for another run of their job are not simply published
 * again; runs that wait for a handler are not published at all.
 */
const REPEATS: Kind = { field: "wakeAt", filter: { state: { $eq: "due" } }, update: () => makePublishable };

/** In this order: an expired run is not published again. */
const KINDS = [RETRIES, EXPIRIES, REPEATS] as const;

interface Woken {
  readonly runIds: readonly string[];
  readonly ready: number;
  /** The limit was reached. */
  readonly more: boolean;
}

const NONE: Woken = { runIds: [], ready: 0, more: false };

/** Wakes the runs that have to be woken. Mostly there are none, which the first instant of each kind shows. */
export async function wakeRuns(context: StoreContext, { shard, now, limit }: WakeRequest): Promise<WakeResult> {
  const { runs } = context.rows;
  const own = changedBy(context.newToken());
  const readFirsts = () => Promise.all(KINDS.map((kind) => readFirst(context, kind, shard)));
  const firsts = await readFirsts();
  const woken: Woken[] = [];
  for (const [index, kind] of KINDS.entries())
    woken.push((firsts[index] ?? Infinity) > now ? NONE : await wakeKind(context, kind, { shard, now, limit, own: own.update }));
  const [retries, expired, repeats] = woken as [Woken, Woken, Woken];
  const closed = await runs.find({ ...withIds(expired.runIds), ...own.filter });
  const next = [...(await wakeNext(context, closed)).values()].flat();
  return {
    ready: retries.ready + next.length + repeats.ready,
    ended: toEndedRuns(context, closed),
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
  { shard, now, limit, own }: WakeRequest & { readonly own: RunUpdate },
): Promise<Woken> {
  const { runs } = context.rows;
  const over = { ...kind.filter, [kind.field]: upTo(now) };
  const fields = [kind.field, "jobUid", "scheduledFor", "queue", "handler", "standing", "reason", "waitMs", "exclusive", "state"];
  if (kind === REPEATS) fields.push(...RUNNABLE_FIELDS);
  const found = await runs.find({ ...over, ...inShardQuery(shard) }, { sort: { [kind.field]: 1 }, limit, fields });
  if (found.length === 0) return NONE;
  const waiting = kind === REPEATS ? found.filter(waitsForAnother) : [];
  const unwanted = kind === REPEATS ? found.filter(waitsForHandler) : [];
  const others = found.filter((row) => !waiting.includes(row) && !unwanted.includes(row));
  const ready = await runs.updateMany({ ...filterByIds(others), ...over }, mergeUpdates(kind.update(now), own));
  // An executor of an older version gave it a time. The time is removed, so that the run is not found again.
  await runs.updateMany({ ...filterByIds(unwanted), ...FOR_UNKNOWN_HANDLER }, { $unset: { wakeAt: "" } });
  const repeated = await repeatWaits(context, waiting, now);
  return { runIds: found.map(({ _id }) => _id), ready: ready + repeated, more: found.length >= limit };
}

const filterByIds = (rows: readonly RunRow[]) => withIds(rows.map(({ _id }) => _id));

const waitsForHandler = ({ standing, reason }: RunRow): boolean => standing === "deferred" && reason === "unknown_handler";

async function readFirst({ rows }: StoreContext, { field, filter }: Kind, shard: Shard): Promise<Instant | null> {
  // Only numbers: other values sort before them, and would always be found first.
  const timed = { ...filter, [field]: { $exists: true, $gte: Number.MIN_SAFE_INTEGER }, ...inShardQuery(shard) };
  const [row] = await rows.runs.find(timed, { sort: { [field]: 1 }, limit: 1, fields: [field] });
  return row?.[field] ?? null;
}
