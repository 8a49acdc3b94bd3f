import type { DueRun } from "../../../domain/due-run.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/run-claims.ts";
import { createClaimCheck, LOST } from "./claim-check.ts";
import { type FirstRead, readFirst } from "./claim-reads.ts";
import { contest } from "./claim-contest.ts";
import { startAll } from "./claim-starts.ts";
import { laterTime } from "../later-time.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { type Contender, judgeInOrder } from "./overlap-judging.ts";

/** Rounds in which what others wrote meanwhile is looked at again. A run that is still open then is not won, and is published again. */
const ROUNDS_MAX = 20;

/**
 * Claims a batch. Mostly by one read, which says what the store holds of the runs and what goes before them, and one write, which starts
 * them all: when as many rows matched as were asked for, nothing is read back. Runs that others stand before, whose job's lock is
 * taken, or that changed meanwhile, are judged by all that contends for the lock (`contest`).
 */
export async function claimAll(context: StoreContext, request: ClaimRequest): Promise<ClaimOutcome[]> {
  const runs = [...new Map(request.runs.map((run) => [run.runId, run])).values()];
  const outcomes = new Map<string, ClaimOutcome>();
  if (runs.length === 0) return [];
  const read = await readFirst(context, runs);
  const check = await createClaimCheck(context, read.rows.values(), request);
  let open: readonly Contender[] = runs.flatMap((run) => {
    const row = read.rows.get(run.runId);
    const outcome = check.outcomeOf(run, row);
    if (outcome !== null) outcomes.set(run.runId, outcome);
    return outcome === null && row !== undefined ? [{ run, row }] : [];
  });
  open = await startFirst(context, { request, outcomes, read, open });
  for (let round = 0; open.length > 0 && round < ROUNDS_MAX; round += 1) {
    // When it starts is what later instants, and its lease, are judged by.
    const now = round === 0 ? request.now : await laterTime(context, request.now);
    open = await contest(context, { request: { ...request, now }, outcomes, open, together: round === 0 });
  }
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

interface FirstStarts {
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
  readonly read: FirstRead;
  readonly open: readonly Contender[];
}

/**
 * Starts what nothing goes before, without asking who has the locks: the index says so. Any other verdict may be another one once
 * the holder is known. Returns the runs that are still open.
 */
async function startFirst(context: StoreContext, { request, outcomes, read, open }: FirstStarts): Promise<readonly Contender[]> {
  const byJob = groupBy(open, ({ row }) => row.jobUid);
  const starts = [...byJob].flatMap(([jobUid, contenders]) => {
    const due = read.dueOf.get(jobUid);
    const known = contenders.filter(({ run, row }) => !row.exclusive || (run.exclusive && due !== undefined));
    return judgeInOrder(known, due ?? [], request).filter(({ verdict }) => verdict.kind === "start");
  });
  const started = await startAll(context, starts, { request, outcomes, together: true });
  return started ? open.filter(({ run }) => !outcomes.has(run.runId)) : open;
}
