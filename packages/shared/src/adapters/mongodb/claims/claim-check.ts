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

/** A batch that is being claimed, and the outcomes of its runs so far, by their ids. */
export interface Claiming {
  readonly context: StoreContext;
  readonly request: ClaimRequest;
  readonly outcomes: Map<string, ClaimOutcome>;
}

type ReadDefinition = (key: DefinitionKey) => StoredDefinition;

/**
 * All checks of a claim that come before its overlap policy. Records the outcomes that they decide, and returns the other runs.
 * Definitions are read for rows whose hash does not identify the execution.
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

/** The outcome of the run, or why it is not won; null: it is due, and agrees with the message. */
function decide(
  { context, request: { claimant, firedAfter } }: Claiming,
  { run, row }: Contender,
  read: ReadDefinition,
): ClaimOutcome | null {
  if (row.attempt !== run.attempt) return LOST;
  if (row.token === claimant.token) {
    // This claim has changed it itself, in an earlier statement or in one whose answer was lost.
    if (row.state === "running")
      return toWon({ run, row }, { token: claimant.token, leaseMs: row.leaseMs ?? claimant.leaseMs, startedAt: row.startedAt ?? 0 });
    if (row.state === "skipped") return toSkipped(context, row);
  }
  if (row.state !== "due" || row.cancelRequested === true) return LOST;
  const reason = findDifference(context, { run, row }, read);
  if (reason !== null) return { kind: "refused", reason };
  return row.firstStartedAt === undefined && row.firedAt < firedAfter ? LOST : null;
}

/** The difference between the message and the stored run; null: none. */
function findDifference({ digest }: Pick<StoreContext, "digest">, { run, row }: Contender, read: ReadDefinition): string | null {
  const field = differingField(run, toCompared(row));
  if (field !== null) return differs(field);
  // No process claims an unreadable run; the others of the batch are claimed.
  if (!isText(row.definitionHash)) return "its definition has no name";
  if (!hasCounts(row)) return NO_COUNTS;
  const stored = namesExecution(row.definitionHash) ? null : read(row);
  if (stored?.kind === "unreadable") return stored.reason;
  const definition = stored?.definition;
  return matchesExecution(digest, run, { hash: row.definitionHash, read: () => definition as JobDefinition }) ? null : differs("execution");
}

/** An unreadable run that was closed stays closed; a sweep announces its readable parts. */
export function toSkipped(context: Pick<StoreContext, "onUnreadable">, row: RunRow): ClaimOutcome {
  const [run] = toEndedRuns(context, [row]);
  return run === undefined ? LOST : { kind: "skipped", run };
}

/** With the counts of the row: the history of the run. */
export const toWon = ({ run, row }: Contender, lease: Omit<ClaimedRun, "run">): ClaimOutcome => ({
  kind: "won",
  claim: { run: { ...run, failures: row.failures, rescues: row.rescues, firstStartedAt: row.firstStartedAt ?? null }, ...lease },
});
