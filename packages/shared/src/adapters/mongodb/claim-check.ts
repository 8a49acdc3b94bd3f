import { AppError } from "../../domain/app-error.ts";
import type { ClaimedRun, DueRun } from "../../domain/due-run.ts";
import { differingField, differs } from "../../domain/due-run.ts";
import { isExecutionOf, type JobDefinition, namesExecution } from "../../domain/job-definition.ts";
import type { ClaimOutcome, ClaimRequest } from "../../ports/run-claims.ts";
import type { StoreContext } from "./context.ts";
import type { DefinitionKey } from "./definition-row.ts";
import type { RunRow } from "./run-row.ts";
import { endedRunOf } from "./run-view.ts";

export const LOST: ClaimOutcome = { kind: "lost" };

/** Null: the definition is not there. One such row must not stop the others of a batch. */
type ReadDefinition = (key: DefinitionKey) => JobDefinition | null;

/** What decides of a claim before its overlap policy does. */
export interface ClaimCheck {
  /** What became of the run, or why it is not won; null: it is due, and as the message says. */
  readonly outcomeOf: (run: DueRun, row: RunRow | undefined) => ClaimOutcome | null;
}

/** Reads the definitions of rows whose hash says nothing of the execution. */
export async function createClaimCheck(context: StoreContext, rows: Iterable<RunRow>, request: ClaimRequest): Promise<ClaimCheck> {
  const read = await readDefinitions(
    context,
    [...rows].filter(({ definitionHash }) => !namesExecution(definitionHash)),
  );
  return {
    outcomeOf(run, row) {
      if (row === undefined || row.attempt !== run.attempt) return LOST;
      const own = ownOutcome(run, row, request);
      if (own !== null) return own;
      if (row.state !== "due" || row.cancelRequested === true) return LOST;
      const reason = refusal(context, { run, row, read });
      if (reason !== null) return { kind: "refused", reason };
      return row.firstStartedAt === undefined && row.firedAt < request.firedAfter ? LOST : null;
    },
  };
}

async function readDefinitions({ definitions }: StoreContext, rows: readonly RunRow[]): Promise<ReadDefinition> {
  if (rows.length === 0) return () => null;
  const definitionOf = await definitions.of(rows);
  return (key) => {
    try {
      return definitionOf(key);
    } catch (fault) {
      if (fault instanceof AppError && fault.code === "store_corrupt") return null;
      throw fault;
    }
  };
}

/** What this very claim has made of it, in an earlier statement or under an answer that was lost. */
function ownOutcome(run: DueRun, row: RunRow, { claimant }: ClaimRequest): ClaimOutcome | null {
  if (row.token !== claimant.token) return null;
  if (row.state === "running")
    return wonBy(run, row, { token: claimant.token, leaseMs: row.leaseMs ?? claimant.leaseMs, startedAt: row.startedAt ?? 0 });
  return row.state === "skipped" ? { kind: "skipped", run: endedRunOf(row) } : null;
}

/** How the message differs from what is stored; null: not at all. */
function refusal(
  { digest }: Pick<StoreContext, "digest">,
  { run, row, read }: { readonly run: DueRun; readonly row: RunRow; readonly read: ReadDefinition },
): string | null {
  const field = differingField(run, row);
  if (field !== null) return differs(field);
  const definition = namesExecution(row.definitionHash) ? null : read(row);
  if (definition === null && !namesExecution(row.definitionHash)) return "the definition of its run is not in the store";
  return isExecutionOf(digest, run, { hash: row.definitionHash, read: () => definition as JobDefinition }) ? null : differs("execution");
}

/** The store says itself what the run has been through. */
export const wonBy = (run: DueRun, row: RunRow, lease: Omit<ClaimedRun, "run">): ClaimOutcome => ({
  kind: "won",
  claim: { run: { ...run, failures: row.failures, rescues: row.rescues, firstStartedAt: row.firstStartedAt ?? null }, ...lease },
});
