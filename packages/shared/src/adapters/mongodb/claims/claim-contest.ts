import type { CanBeRun } from "../../../domain/overlap.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/run-claims.ts";
import { createClaimCheck } from "./claim-check.ts";
import { startAll } from "./claim-starts.ts";
import { type ContestRead, readContest } from "./contest-reads.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import { readableAmong } from "./readable-runs.ts";
import { type Contender, type Judged, judgeInOrder } from "./overlap-judging.ts";
import { letWait } from "./overlap-waits.ts";
import { skipAll } from "./overlap-skips.ts";

interface Contest {
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
  readonly open: readonly Contender[];
  readonly together: boolean;
}

/**
 * One round of claims whose verdict needs all that contends for the locks. Reads it, judges, and does what was decided. Returns the runs of
 * those jobs where somebody else was quicker: they are read and judged again.
 */
export async function contest(context: StoreContext, { request, outcomes, open, together }: Contest): Promise<readonly Contender[]> {
  const read = await readContest(context, open);
  const judged = await judge(context, { request, outcomes, open, read });
  const starts = judged.filter(({ verdict }) => verdict.kind === "start");
  const started = await startAll(context, starts, { request, outcomes, together });
  const doubtful = new Set(started ? [] : starts.map(({ row }) => row.jobUid));
  const decided = judged.filter(({ row }) => !doubtful.has(row.jobUid));
  await skipAll(context, decided, { request, outcomes });
  await letWait(context, decided, { request, outcomes });
  return judged.filter(({ row }) => doubtful.has(row.jobUid));
}

/** Of those that are still open. */
async function judge(
  context: StoreContext,
  { request, outcomes, open, read }: Omit<Contest, "together"> & { readonly read: ContestRead },
): Promise<Judged[]> {
  const check = await createClaimCheck(context, read.rows.values(), request);
  const contenders: Contender[] = [];
  for (const { run } of open) {
    const row = read.rows.get(run.runId);
    const outcome = check.outcomeOf(run, row);
    if (outcome !== null) outcomes.set(run.runId, outcome);
    else if (row !== undefined) contenders.push({ run, row });
  }
  const byJob = groupBy(contenders, ({ row }) => row.jobUid);
  const canBeRun = await readRunnable(context, contenders, read);
  return [...byJob].flatMap(([jobUid, own]) => judgeInOrder(own, read.contendersOf.get(jobUid) ?? [], { now: request.now, canBeRun }));
}

/** Whether others that may go before these can be run as they are stored. Their definitions are mostly known here. */
async function readRunnable(context: StoreContext, contenders: readonly Contender[], { contendersOf }: ContestRead): Promise<CanBeRun> {
  const own = new Set(contenders.map(({ row }) => row._id));
  const others = [...contendersOf.values()].flat().filter(({ _id, state }) => state === "due" && !own.has(_id));
  const isReadable = await readableAmong(context, others);
  const bad = new Set(others.filter((row) => !isReadable(row)).map(({ _id }) => _id));
  return ({ runId }) => !bad.has(runId);
}
