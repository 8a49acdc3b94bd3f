import { differingField, differs, type ClaimedRun, type DueRun } from "../../../domain/run/due-run.ts";
import { matchesExecution, type JobDefinition, namesExecution } from "../../../domain/job/job-definition.ts";
import { isText } from "../../../domain/json/stored-value.ts";
import type { StoredDefinition } from "../../../domain/job/stored-definition.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/runs/run-claims.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionKey } from "../jobs/definition-row.ts";
import type { RunRow } from "../runs/run-row.ts";
import { hasCounts, NO_COUNTS, toCompared, toEndedRuns } from "../runs/run-view.ts";
import type { Contender } from "./judge-overlap.ts";

export const LOST: ClaimOutcome = { kind: "lost" };

/** A batch that is being claimed, and what became of its runs so far, by their ids. */
export interface Claiming {
  readonly context: StoreContext;
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
}

type ReadDefinition = (key: DefinitionKey) => StoredDefinition;

/**
 * Everything that decides of a claim before its overlap policy does. Notes the outcomes of the runs that this decides, and returns the others.
 * The definitions are read of rows whose hash does not name the execution.
 */
export async function checkClaims(
  claiming: Claiming,
  runs: readonly DueRun[],
  rows: ReadonlyMap<string, RunRow>,
): Promise<readonly Contender[]> {
  const unnamed = [...rows.values()].filter(({ definitionHash }) => isText(definitionHash) && !namesExecution(definitionHash));
  const read = await claiming.context.definitions.read(unnamed);
  return runs.flatMap((run) => {
    const row = rows.get(run.runId);
    const outcome = row === undefined ? LOST : decide(claiming, { run, row }, read);
    if (row !== undefined && outcome === null) return [{ run, row }];
    claiming.outcomes.set(run.runId, outcome ?? LOST);
    return [];
  });
}

/** What became of the run, or why it is not won; null: it is due, and as the message says. */
function decide(
  { context, request: { claimant, firedAfter } }: Claiming,
  { run, row }: Contender,
  read: ReadDefinition,
): ClaimOutcome | null {
  if (row.attempt !== run.attempt) return LOST;
  if (row.token === claimant.token) {
    // This very claim has made it so, in an earlier statement or one whose answer was lost.
    if (row.state === "running")
      return toWon({ run, row }, { token: claimant.token, leaseMs: row.leaseMs ?? claimant.leaseMs, startedAt: row.startedAt ?? 0 });
    if (row.state === "skipped") return toSkipped(context, row);
  }
  if (row.state !== "due" || row.cancelRequested === true) return LOST;
  const reason = findDifference(context, { run, row }, read);
  if (reason !== null) return { kind: "refused", reason };
  return row.firstStartedAt === undefined && row.firedAt < firedAfter ? LOST : null;
}

/** How the message differs from what is stored; null: not at all. */
function findDifference({ digest }: Pick<StoreContext, "digest">, { run, row }: Contender, read: ReadDefinition): string | null {
  const field = differingField(run, toCompared(row));
  if (field !== null) return differs(field);
  // A run that cannot be read is claimed by no process, and the others of the batch are claimed.
  if (!isText(row.definitionHash)) return "its definition has no name";
  if (!hasCounts(row)) return NO_COUNTS;
  const stored = namesExecution(row.definitionHash) ? null : read(row);
  if (stored?.kind === "unreadable") return stored.reason;
  const definition = stored?.definition;
  return matchesExecution(digest, run, { hash: row.definitionHash, read: () => definition as JobDefinition }) ? null : differs("execution");
}

/** One that was closed and cannot be read is closed all the same; a sweep announces what of it can be read. */
export function toSkipped(context: Pick<StoreContext, "onUnreadable">, row: RunRow): ClaimOutcome {
  const [run] = toEndedRuns(context, [row]);
  return run === undefined ? LOST : { kind: "skipped", run };
}

/** With the counts of the row: what the run has been through. */
export const toWon = ({ run, row }: Contender, lease: Omit<ClaimedRun, "run">): ClaimOutcome => ({
  kind: "won",
  claim: { run: { ...run, failures: row.failures, rescues: row.rescues, firstStartedAt: row.firstStartedAt ?? null }, ...lease },
});
