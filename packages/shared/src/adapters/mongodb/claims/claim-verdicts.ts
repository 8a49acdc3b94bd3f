import type { Instant } from "../../../domain/time/instant.ts";
import { waitMsAfter } from "../../../domain/policy/overlap.ts";
import type { EndedRun } from "../../../domain/run/settlement.ts";
import { byId, type Change, withIds } from "../collections/rows.ts";
import type { StoreContext } from "../context.ts";
import {
  mergeUpdates,
  changedBy,
  endRun,
  NOT_CANCELLED,
  requestCancel,
  startAttempt,
  waitForAnother,
  WAITS_FOR_ANOTHER,
  WOKEN,
} from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";
import { toEndedRuns } from "../runs/run-view.ts";
import { type Claiming, LOST, toSkipped, toWon } from "./claim-check.ts";
import { readByIds } from "./contenders.ts";
import { type Contender, type Judged, toSibling } from "./judge-overlap.ts";
import { wakeNext } from "./wake-waiting.ts";

/**
 * Starts runs by one batch of compare-and-sets. False: not all matched, and the winners have to be read. `together`: one statement for
 * runs of equal attempt and policy; otherwise one for each run, so that a taken lock affects one run only.
 */
export async function startAll(
  { context, request, outcomes }: Claiming,
  starts: readonly Contender[],
  together: boolean,
): Promise<boolean> {
  const { claimant, now } = request;
  const groups = Map.groupBy(starts, ({ row }) => (together ? `${row.attempt} ${row.exclusive} ${hasHistory(row)}` : row._id));
  const changes = [...groups.values()].map((group): Change => {
    const { row } = group[0] as Contender;
    const start = startAttempt({ claimant, attempt: row.attempt, exclusive: row.exclusive, hasHistory: hasHistory(row), now });
    return { filter: asDue(group), update: mergeUpdates(start) };
  });
  const { matched } = await context.rows.runs.updateEach(changes);
  if (matched !== starts.length) return false;
  const lease = { token: claimant.token, leaseMs: claimant.leaseMs, startedAt: now };
  for (const start of starts) outcomes.set(start.run.runId, toWon(start, lease));
  return true;
}

const hasHistory = ({ attempts }: RunRow): boolean => Array.isArray(attempts);

/** In filters: these runs as they were read, of equal attempt. */
const asDue = (group: readonly Contender[]) => ({
  ...withIds(group.map(({ row }) => row._id)),
  state: { $eq: "due" },
  attempt: { $eq: group[0]?.row.attempt ?? 0 },
  ...NOT_CANCELLED,
});

/** Closes the runs that are skipped. The token tells whether this claim did it. */
export async function skipAll({ context, request: { claimant, now }, outcomes }: Claiming, judged: readonly Judged[]): Promise<void> {
  const { runs } = context.rows;
  const skips = judged.flatMap(({ verdict, ...contender }) => (verdict.kind === "skip" ? [{ contender, reason: verdict.reason }] : []));
  await runs.updateEach(
    skips.map(({ contender, reason }) => ({
      filter: asDue([contender]),
      update: mergeUpdates(endRun({ state: "skipped", reason, now }), { $set: { token: claimant.token } }),
    })),
  );
  const wanted = skips.map(({ contender }) => contender.run);
  const closed = (await readByIds(runs, wanted)).filter(({ state, token }) => state === "skipped" && token === claimant.token);
  for (const { runId } of wanted) outcomes.set(runId, LOST);
  for (const row of closed) outcomes.set(row._id, toSkipped(context, row));
  await wakeNext(context, closed);
}

type Wait = Judged & { readonly verdict: { readonly kind: "wait" } };

const isWait = (judged: Judged): judged is Wait => judged.verdict.kind === "wait";

/**
 * Defers runs until the run that they wait for ends. The order keeps any end from being missed: first they wait, then the other run is marked
 * (`wakes`). If that one had already ended, they become publishable again. After a crash in between they wait until `wakeAt`.
 */
export async function letWait({ context, request: { now }, outcomes }: Claiming, judged: readonly Judged[]): Promise<void> {
  const wanted = judged.filter(isWait);
  if (wanted.length === 0) return;
  const waits = await putAside(context, wanted, now);
  const superseded = await supersede(context, waits, now);
  const others = await markOthers(context, waits, now);
  const gone = waits.filter(({ verdict: { behind } }) => !others.has(behind.runId));
  await context.rows.runs.updateMany(asWaiting(gone.map(({ row }) => row._id)), WOKEN);
  for (const { run } of wanted) outcomes.set(run.runId, LOST);
  for (const { run, verdict } of waits) {
    const { behind, cancels, supersedes } = verdict;
    const cancelled = cancels && others.get(behind.runId)?.cancelRequested === true;
    outcomes.set(run.runId, {
      kind: "waiting",
      cancelRequested: cancelled ? behind.runId : null,
      superseded: supersedes.flatMap((runId) => superseded.get(runId) ?? []),
    });
  }
}

/** Returns those that wait now; the others changed meanwhile. */
async function putAside({ rows: { runs } }: StoreContext, waits: readonly Wait[], now: Instant): Promise<readonly Wait[]> {
  const groups = Map.groupBy(waits, ({ row: { attempt, waitMs = 0 } }) => `${attempt} ${waitMs}`);
  const changes = [...groups.values()].map((group): Change => {
    const waitMs = waitMsAfter(group[0]?.row.waitMs ?? null);
    return { filter: asDue(group), update: mergeUpdates(waitForAnother({ now, waitMs })) };
  });
  const { matched } = await runs.updateEach(changes);
  if (matched === waits.length) return waits;
  const wanted = waits.map(({ run }) => run);
  const waiting = byId((await readByIds(runs, wanted)).filter((row) => toSibling(row)?.standing === "waiting"));
  return waits.filter(({ row }) => waiting.get(row._id)?.attempt === row.attempt);
}

/** Closes waiting runs that a newer one replaces. Runs that waited for them wait for the same run as the newer one. */
async function supersede(context: StoreContext, waits: readonly Wait[], now: Instant): Promise<ReadonlyMap<string, EndedRun>> {
  const { runs } = context.rows;
  const runIds = waits.flatMap(({ verdict }) => verdict.supersedes);
  const own = changedBy(context.newToken());
  const neverStarted = { ...asWaiting(runIds), firstStartedAt: { $exists: false } }; // Nor started since it was read.
  await runs.updateMany(neverStarted, mergeUpdates(endRun({ state: "skipped", reason: "overlap", now }), own.update));
  const closed = toEndedRuns(context, await runs.find({ ...withIds(runIds), ...own.filter }));
  return new Map(closed.map((run) => [run.runId, run]));
}

/** Marks the runs that others wait for. Returns those that have the mark and still contend: when they end, they wake the next run. */
async function markOthers({ rows: { runs } }: StoreContext, waits: readonly Wait[], now: Instant): Promise<ReadonlyMap<string, RunRow>> {
  const runIds = [...new Set(waits.map(({ verdict }) => verdict.behind.runId))];
  const contending = { state: { $in: ["due", "running"] }, reason: { $in: [null, "overlap"] } };
  await runs.updateEach([
    { filter: { ...withIds(runIds), ...contending }, update: { $set: { wakes: true } } },
    ...waits.flatMap((wait) => changeOther(wait, now)),
  ]);
  const rows = await runs.find(withIds(runIds));
  return byId(rows.filter((row) => row.wakes === true && toSibling(row) !== null));
}

function changeOther({ run: { runId }, verdict: { behind, cancels } }: Wait, now: Instant): Change[] {
  if (cancels) {
    const attempt = { _id: { $eq: behind.runId }, state: { $eq: "running" }, startedAt: { $eq: behind.startedAt } };
    const cancel = requestCancel({ requestedAt: now, by: { kind: "overlap", runId } });
    return [{ filter: { ...attempt, ...NOT_CANCELLED }, update: mergeUpdates(cancel) }];
  }
  // It waits although no run precedes it: the end that should have woken it was lost.
  return behind.standing === "waiting" ? [{ filter: asWaiting([behind.runId]), update: WOKEN }] : [];
}

/** In filters: these runs, while they wait. */
const asWaiting = (runIds: readonly string[]) => ({ ...withIds(runIds), state: { $eq: "due" }, ...WAITS_FOR_ANOTHER });
