import type { ClaimedRun, DueRun } from "../../domain/due-run.ts";
import type { ClaimOutcome, ClaimRequest } from "../../ports/run-claims.ts";
import type { StoreContext } from "./context.ts";
import { groupBy } from "./group-by.ts";
import type { Change } from "./rows.ts";
import { allOf, endRun, NOT_CANCELLED, startAttempt } from "./run-changes.ts";
import type { RunRow } from "./run-row.ts";
import { endedRunOf } from "./run-view.ts";

const LOST: ClaimOutcome = { kind: "lost" };

/**
 * Claims by one batch of compare-and-sets. When as many rows matched as were asked for, all are won and nothing is read
 * back. Otherwise who won is read by the token, runs whose job's lock was taken are tried one by one, and what can never
 * start is closed.
 */
export async function claimAll(context: StoreContext, request: ClaimRequest): Promise<ClaimOutcome[]> {
  const runs = [...new Map(request.runs.map((run) => [run.runId, run])).values()];
  if (runs.length === 0) return [];
  const first = oneOfEachJob(runs);
  const { matched } = await context.rows.runs.updateEach(startTogether(first, request));
  const outcomes = matched === runs.length ? wonNow(runs, request) : await readOutcomes(context, runs, request);
  for (const outcome of outcomes.values()) if (outcome.kind === "won") context.held.add(outcome.claim);
  return inOrder(request.runs, outcomes);
}

/** A run that stands twice in a batch is won once. */
function inOrder(runs: readonly DueRun[], outcomes: ReadonlyMap<string, ClaimOutcome>): ClaimOutcome[] {
  const told = new Set<string>();
  return runs.map(({ runId }) => {
    const outcome = outcomes.get(runId) ?? LOST;
    if (outcome.kind === "won" && told.has(runId)) return LOST;
    told.add(runId);
    return outcome;
  });
}

/** Of the exclusive runs of one job the first alone: together they would only meet each other's lock. */
function oneOfEachJob(runs: readonly DueRun[]): DueRun[] {
  const jobs = new Set<string>();
  return runs.filter(({ exclusive, jobUid }) => !exclusive || (!jobs.has(jobUid) && jobs.add(jobUid)));
}

const startTogether = (runs: readonly DueRun[], request: ClaimRequest): Change[] =>
  [...groupBy(runs, ({ attempt, exclusive }) => `${attempt} ${exclusive}`).values()].map((group) => startOf(group, request));

/** One statement for runs of equal attempt and policy. */
function startOf(runs: readonly DueRun[], { claimant, now, firedAfter }: ClaimRequest): Change {
  const { attempt, exclusive } = runs[0] as DueRun;
  return {
    filter: {
      ...asDue(runs),
      exclusive: { $eq: exclusive },
      ...(attempt === 1 ? { firedAt: { $gte: firedAfter } } : {}), // Every start raises the attempt: the first was never started.
    },
    update: allOf(startAttempt({ claimant, attempt, exclusive, now })),
  };
}

const asDue = (runs: readonly DueRun[]) => ({
  _id: { $in: runs.map(({ runId }) => runId).sort() },
  state: { $eq: "due" },
  attempt: { $eq: runs[0]?.attempt ?? 0 },
  ...NOT_CANCELLED,
});

const wonNow = (runs: readonly DueRun[], { claimant, now }: ClaimRequest): Map<string, ClaimOutcome> =>
  new Map(runs.map((run) => [run.runId, wonBy({ run, token: claimant.token, leaseMs: claimant.leaseMs, startedAt: now })]));

const wonBy = (claim: ClaimedRun): ClaimOutcome => ({ kind: "won", claim });

async function readOutcomes(context: StoreContext, runs: readonly DueRun[], request: ClaimRequest): Promise<Map<string, ClaimOutcome>> {
  let rows = await readRows(context, runs);
  const waiting = runs.filter((run) => isDue(rows.get(run.runId), run));
  if (waiting.length > 0) {
    await startOrClose(context, waiting, { request, rows });
    rows = await readRows(context, runs);
  }
  return new Map(runs.map((run) => [run.runId, outcomeOf(run, rows.get(run.runId), request)]));
}

const readRows = async ({ rows }: StoreContext, runs: readonly DueRun[]): Promise<Map<string, RunRow>> =>
  new Map((await rows.runs.find({ _id: { $in: runs.map(({ runId }) => runId) } })).map((row) => [row._id, row]));

const isDue = (row: RunRow | undefined, { attempt }: DueRun): boolean =>
  row?.state === "due" && row.attempt === attempt && row.cancelRequested !== true;

/** Closes what was fired too long ago, tries the others one by one, and closes those whose lock somebody else has. */
async function startOrClose(
  { rows: { runs } }: StoreContext,
  waiting: readonly DueRun[],
  { request, rows }: { readonly request: ClaimRequest; readonly rows: ReadonlyMap<string, RunRow> },
): Promise<void> {
  const isOld = ({ runId, attempt }: DueRun): boolean => attempt === 1 && (rows.get(runId)?.firedAt ?? 0) < request.firedAfter;
  const close = (reason: "retention" | "overlap") => (run: DueRun) => ({
    filter: asDue([run]),
    update: allOf(endRun({ state: "skipped", reason, now: request.now }), { $set: { token: request.claimant.token } }),
  });
  const young = waiting.filter((run) => !isOld(run));
  const { duplicates } = await runs.updateEach(young.map((run) => startOf([run], request)));
  const blocked = duplicates.map((index) => young[index] as DueRun);
  await runs.updateEach([...waiting.filter(isOld).map(close("retention")), ...blocked.map(close("overlap"))]);
}

function outcomeOf(run: DueRun, row: RunRow | undefined, { claimant }: ClaimRequest): ClaimOutcome {
  if (row === undefined || row.token !== claimant.token || row.attempt !== run.attempt) return LOST;
  if (row.state === "skipped") return { kind: "skipped", run: endedRunOf(row) };
  if (row.state !== "running") return LOST;
  return wonBy({ run, token: claimant.token, leaseMs: row.leaseMs ?? claimant.leaseMs, startedAt: row.startedAt ?? 0 });
}
