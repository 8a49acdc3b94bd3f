import type { CanBeRun } from "../../../domain/policy/overlap.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/runs/run-claims.ts";
import { readLaterTime, type StoreContext } from "../context.ts";
import { findRunnable } from "../runs/due-run-reads.ts";
import { checkClaims, type Claiming, LOST } from "./claim-check.ts";
import { letWait, skipAll, startAll } from "./claim-verdicts.ts";
import { readContest, readFirst, type ReadRows } from "./contenders.ts";
import { type Contender, judgeInOrder } from "./judge-overlap.ts";

/** Rounds in which runs that others changed meanwhile are read again. A run that is still undecided then is not won, and is published again. */
const ROUNDS_MAX = 20;

/**
 * Claims a batch. Mostly this takes one read, which returns the stored runs and the runs that precede them, and one write, which starts
 * all of them. If all requested rows matched, nothing is read back. A run is judged together with all contenders for the lock (`contest`)
 * if other runs precede it, if the lock of its job is taken, or if it changed meanwhile.
 */
export async function claimAll(context: StoreContext, request: ClaimRequest): Promise<ClaimOutcome[]> {
  const runs = [...new Map(request.runs.map((run) => [run.runId, run])).values()];
  const claiming: Claiming = { context, request, outcomes: new Map() };
  const read = await readFirst(context.rows.runs, runs);
  let open = await startFirst(claiming, await checkClaims(claiming, runs, read.rows), read);
  for (let round = 0; open.length > 0 && round < ROUNDS_MAX; round += 1) {
    // Later instants, and the lease, are judged by the time of the start.
    const now = round === 0 ? request.now : await readLaterTime(context, request.now);
    open = await contest({ ...claiming, request: { ...request, now } }, open, round === 0);
  }
  return request.runs.map(({ runId }) => {
    const outcome = claiming.outcomes.get(runId) ?? LOST;
    if (outcome.kind !== "won") return outcome;
    context.held.add(outcome.claim);
    claiming.outcomes.set(runId, LOST); // A run that occurs twice in a batch is won once.
    return outcome;
  });
}

/**
 * Starts the runs that no other run precedes, without reading which runs hold the locks: the unique index refuses a second one. Other verdicts
 * may change once the holder is known. Returns the runs that are still undecided.
 */
async function startFirst(claiming: Claiming, open: readonly Contender[], read: ReadRows): Promise<readonly Contender[]> {
  const starts = [...Map.groupBy(open, ({ row }) => row.jobUid)].flatMap(([jobUid, own]) => {
    const due = read.contenders.get(jobUid);
    const known = own.filter(({ run, row }) => !row.exclusive || (run.exclusive && due !== undefined));
    return judgeInOrder(known, due ?? [], claiming.request).filter(({ verdict }) => verdict.kind === "start");
  });
  const started = await startAll(claiming, starts, true);
  return started ? open.filter(({ run }) => !claiming.outcomes.has(run.runId)) : open;
}

/**
 * One round of claims whose verdict needs all contenders for the locks. Reads them, judges, and carries the verdicts out. Returns the runs of
 * the jobs that another process has changed meanwhile: they are read and judged again.
 */
async function contest(claiming: Claiming, open: readonly Contender[], together: boolean): Promise<readonly Contender[]> {
  const { context, request } = claiming;
  const read = await readContest(context.rows.runs, open);
  const runs = open.map(({ run }) => run);
  const contenders = await checkClaims(claiming, runs, read.rows);
  const judging = { now: request.now, canBeRun: await readRunnable(context, contenders, read) };
  const judged = [...Map.groupBy(contenders, ({ row }) => row.jobUid)].flatMap(([jobUid, own]) =>
    judgeInOrder(own, read.contenders.get(jobUid) ?? [], judging),
  );
  const starts = judged.filter(({ verdict }) => verdict.kind === "start");
  const started = await startAll(claiming, starts, together);
  const doubtful = new Set(started ? [] : starts.map(({ row }) => row.jobUid));
  const decided = judged.filter(({ row }) => !doubtful.has(row.jobUid));
  await skipAll(claiming, decided);
  await letWait(claiming, decided);
  return judged.filter(({ row }) => doubtful.has(row.jobUid));
}

/** Whether other runs that may precede these can be run as they are stored. Their definitions are mostly cached. */
async function readRunnable(context: StoreContext, contenders: readonly Contender[], read: ReadRows): Promise<CanBeRun> {
  const own = new Set(contenders.map(({ row }) => row._id));
  const others = [...read.contenders.values()].flat().filter(({ _id, state }) => state === "due" && !own.has(_id));
  const runnable = new Set(await findRunnable(context, others));
  const bad = new Set(others.filter((row) => !runnable.has(row)).map(({ _id }) => _id));
  return ({ runId }) => !bad.has(runId);
}
