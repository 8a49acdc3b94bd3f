import type { Instant } from "../../../domain/instant.ts";
import { waitMsAfter } from "../../../domain/overlap.ts";
import type { EndedRun } from "../../../domain/settlement.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/run-claims.ts";
import { LOST } from "./claim-check.ts";
import { readByIds } from "./claim-reads.ts";
import { asDue } from "./claim-starts.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { type Judged, siblingOf } from "./overlap-judging.ts";
import { woken } from "./overlap-wakes.ts";
import type { Change } from "../collections/rows.ts";
import { allOf, endRun, NOT_CANCELLED, requestCancel, waitForAnother, WAITS_FOR_ANOTHER } from "../runs/run-changes.ts";
import type { RunRow } from "../runs/run-row.ts";
import { asReadable, endedRunOf } from "../runs/run-view.ts";

export interface Carrying {
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
}

type Wait = Judged & { readonly verdict: { readonly kind: "wait" } };

const isWait = (judged: Judged): judged is Wait => judged.verdict.kind === "wait";

/**
 * Puts runs aside until the run they wait behind ends. In this order, so that no end is missed: first they wait, then the other is marked
 * (`wakes`), and where that one had ended before, they are publishable again. A crash in between costs a wait until `wakeAt`.
 */
export async function letWait(context: StoreContext, judged: readonly Judged[], { request, outcomes }: Carrying): Promise<void> {
  const wanted = judged.filter(isWait);
  if (wanted.length === 0) return;
  const waits = await putAside(context, wanted, request);
  const superseded = await supersede(context, waits, request);
  const others = await markOthers(context, waits, request);
  const stillThere = ({ verdict: { behind } }: Wait): boolean => others.has(behind.runId);
  await wakeAgain(
    context,
    waits.filter((wait) => !stillThere(wait)),
  );
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
async function putAside({ rows: { runs } }: StoreContext, waits: readonly Wait[], { now }: ClaimRequest): Promise<readonly Wait[]> {
  const groups = groupBy(waits, ({ row: { attempt, waitMs = 0 } }) => `${attempt} ${waitMs}`);
  const changes = [...groups.values()].map((group): Change => {
    const waitMs = waitMsAfter(group[0]?.row.waitMs ?? null);
    return { filter: asDue(group), update: allOf(waitForAnother({ now, waitMs })) };
  });
  const { matched } = await runs.updateEach(changes);
  if (matched === waits.length) return waits;
  const rows = await readByIds(
    runs,
    waits.map(({ run }) => run),
  );
  const attempts = new Map(rows.filter((row) => siblingOf(row)?.standing === "waiting").map(({ _id, attempt }) => [_id, attempt]));
  return waits.filter(({ row }) => attempts.get(row._id) === row.attempt);
}

/** In filters: nobody has started it, since it was read either. */
const NEVER_STARTED = { firstStartedAt: { $exists: false } } as const;

/** Closes waiting runs in whose place a newer one waits. Whoever waited behind them waits behind the same run as that one does. */
async function supersede(
  { rows: { runs }, newToken, onUnreadable }: StoreContext,
  waits: readonly Wait[],
  { now }: ClaimRequest,
): Promise<ReadonlyMap<string, EndedRun>> {
  const runIds = waits.flatMap(({ verdict }) => verdict.supersedes).sort();
  if (runIds.length === 0) return new Map();
  const token = newToken();
  const closed = allOf(endRun({ state: "skipped", reason: "overlap", now }), { $set: { changedBy: token } });
  await runs.updateMany({ ...waitingRuns(runIds), ...NEVER_STARTED }, closed);
  const rows = await runs.find({ _id: { $in: runIds }, changedBy: { $eq: token } });
  return new Map(mapReadable(rows, asReadable(endedRunOf, onUnreadable)).map((run) => [run.runId, run]));
}

/** Marks what runs wait behind. Returns those that carry the mark and still contend: their end, whenever it comes, wakes the next. */
async function markOthers(
  { rows: { runs } }: StoreContext,
  waits: readonly Wait[],
  { now }: ClaimRequest,
): Promise<ReadonlyMap<string, RunRow>> {
  const verdicts = [...new Map(waits.map(({ verdict }) => [verdict.behind.runId, verdict])).values()];
  const runIds = verdicts.map(({ behind }) => behind.runId).sort();
  const contending = { state: { $in: ["due", "running"] }, reason: { $in: [null, "overlap"] } };
  await runs.updateEach([
    { filter: { _id: { $in: runIds }, ...contending }, update: { $set: { wakes: true } } },
    ...waits.flatMap((wait) => changesOf(wait, now)),
  ]);
  const rows = await runs.find({ _id: { $in: runIds } });
  return new Map(rows.filter((row) => row.wakes === true && siblingOf(row) !== null).map((row) => [row._id, row]));
}

function changesOf({ run: { runId }, verdict: { behind, cancels } }: Wait, now: Instant): Change[] {
  const attempt = { _id: { $eq: behind.runId }, state: { $eq: "running" }, startedAt: { $eq: behind.startedAt } };
  if (cancels)
    return [
      { filter: { ...attempt, ...NOT_CANCELLED }, update: allOf(requestCancel({ requestedAt: now, by: { kind: "overlap", runId } })) },
    ];
  // Nobody is before it, and yet it waits: the end that should have woken it was lost.
  return behind.standing === "waiting" ? [{ filter: waitingRuns([behind.runId]), update: woken }] : [];
}

const waitingRuns = (runIds: readonly string[]) => ({ _id: { $in: runIds.toSorted() }, state: { $eq: "due" }, ...WAITS_FOR_ANOTHER });

async function wakeAgain({ rows: { runs } }: StoreContext, waits: readonly Wait[]): Promise<void> {
  if (waits.length > 0) await runs.updateMany(waitingRuns(waits.map(({ row }) => row._id)), woken);
}
