import type { ClaimOutcome, ClaimRequest } from "../../../ports/run-claims.ts";
import { wonBy } from "./claim-check.ts";
import type { StoreContext } from "../context.ts";
import { groupBy } from "../group-by.ts";
import type { Contender } from "./overlap-judging.ts";
import type { Change } from "../collections/rows.ts";
import type { RunRow } from "../runs/run-row.ts";
import { allOf, NOT_CANCELLED, startAttempt } from "../runs/run-changes.ts";

export interface Starting {
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
  /** One statement for runs of equal attempt and policy; false: one for each, so that a lock that is taken concerns one run. */
  readonly together: boolean;
}

/** Starts runs by one batch of compare-and-sets. False: not all matched, and who has won has to be read. */
export async function startAll(
  { rows: { runs } }: StoreContext,
  starts: readonly Contender[],
  { request, outcomes, together }: Starting,
): Promise<boolean> {
  if (starts.length === 0) return true;
  const groups = groupBy(starts, ({ row }) => (together ? `${row.attempt} ${row.exclusive} ${hasHistory(row)}` : row._id));
  const { matched } = await runs.updateEach([...groups.values()].map((group) => startOf(group, request)));
  if (matched !== starts.length) return false;
  const { claimant, now } = request;
  for (const { run, row } of starts)
    outcomes.set(run.runId, wonBy(run, row, { token: claimant.token, leaseMs: claimant.leaseMs, startedAt: now }));
  return true;
}

function startOf(group: readonly Contender[], { claimant, now }: ClaimRequest): Change {
  const { row } = group[0] as Contender;
  const { attempt, exclusive } = row;
  return { filter: asDue(group), update: allOf(startAttempt({ claimant, attempt, exclusive, hasHistory: hasHistory(row), now })) };
}

const hasHistory = ({ attempts }: RunRow): boolean => Array.isArray(attempts);

/** In filters: these runs as they were read, of equal attempt. */
export const asDue = (group: readonly Contender[]) => ({
  _id: { $in: group.map(({ row }) => row._id).sort() },
  state: { $eq: "due" },
  attempt: { $eq: group[0]?.row.attempt ?? 0 },
  ...NOT_CANCELLED,
});
