import type { ClaimedRun, DueRun } from "../../../domain/due-run.ts";
import { differingField, differs } from "../../../domain/due-run.ts";
import { isExecutionOf, type JobDefinition, namesExecution } from "../../../domain/job-definition.ts";
import { isText } from "../../../domain/stored-value.ts";
import { NO_DEFINITION, type StoredDefinition } from "../../../domain/stored-definition.ts";
import type { ClaimOutcome, ClaimRequest } from "../../../ports/run-claims.ts";
import { mapReadable } from "../../../runtime/map-readable.ts";
import type { StoreContext } from "../context.ts";
import type { DefinitionKey } from "../jobs/definition-row.ts";
import type { RunRow } from "../runs/run-row.ts";
import { asReadable, comparedOf, endedRunOf, hasCounts, NO_COUNTS } from "../runs/run-view.ts";

export const LOST: ClaimOutcome = { kind: "lost" };

type ReadDefinition = (key: DefinitionKey) => StoredDefinition;

/** What decides of a claim before its overlap policy does. */
export interface ClaimCheck {
  /** What became of the run, or why it is not won; null: it is due, and as the message says. */
  readonly outcomeOf: (run: DueRun, row: RunRow | undefined) => ClaimOutcome | null;
}

/** Reads the definitions of rows whose hash says nothing of the execution. */
export async function createClaimCheck(context: StoreContext, rows: Iterable<RunRow>, request: ClaimRequest): Promise<ClaimCheck> {
  const read = await readDefinitions(
    context,
    [...rows].filter(({ definitionHash }) => isText(definitionHash) && !namesExecution(definitionHash)),
  );
  return {
    outcomeOf(run, row) {
      if (row === undefined || row.attempt !== run.attempt) return LOST;
      const own = ownOutcome(context, run, { row, request });
      if (own !== null) return own;
      if (row.state !== "due" || row.cancelRequested === true) return LOST;
      const reason = refusal(context, { run, row, read });
      if (reason !== null) return { kind: "refused", reason };
      return row.firstStartedAt === undefined && row.firedAt < request.firedAfter ? LOST : null;
    },
  };
}

const readDefinitions = async ({ definitions }: StoreContext, rows: readonly RunRow[]): Promise<ReadDefinition> =>
  rows.length === 0 ? () => NO_DEFINITION : definitions.of(rows);

/** What this very claim has made of it, in an earlier statement or under an answer that was lost. */
function ownOutcome(
  context: StoreContext,
  run: DueRun,
  { row, request: { claimant } }: { readonly row: RunRow; readonly request: ClaimRequest },
): ClaimOutcome | null {
  if (row.token !== claimant.token) return null;
  if (row.state === "running")
    return wonBy(run, row, { token: claimant.token, leaseMs: row.leaseMs ?? claimant.leaseMs, startedAt: row.startedAt ?? 0 });
  return row.state === "skipped" ? skippedAs(context, row) : null;
}

/** One that was closed and cannot be read is closed all the same; a sweep announces what of it can be read. */
export function skippedAs({ onUnreadable }: Pick<StoreContext, "onUnreadable">, row: RunRow): ClaimOutcome {
  const [run] = mapReadable([row], asReadable(endedRunOf, onUnreadable));
  return run === undefined ? LOST : { kind: "skipped", run };
}

/** How the message differs from what is stored; null: not at all. */
function refusal(
  { digest }: Pick<StoreContext, "digest">,
  { run, row, read }: { readonly run: DueRun; readonly row: RunRow; readonly read: ReadDefinition },
): string | null {
  const field = differingField(run, comparedOf(row));
  if (field !== null) return differs(field);
  // A run that cannot be read is nobody's, and the others of the batch are claimed.
  if (!isText(row.definitionHash)) return "its definition has no name";
  if (!hasCounts(row)) return NO_COUNTS;
  const stored = namesExecution(row.definitionHash) ? null : read(row);
  if (stored?.kind === "unreadable") return stored.reason;
  const definition = stored?.definition;
  return isExecutionOf(digest, run, { hash: row.definitionHash, read: () => definition as JobDefinition }) ? null : differs("execution");
}

/** The store says itself what the run has been through. */
export const wonBy = (run: DueRun, row: RunRow, lease: Omit<ClaimedRun, "run">): ClaimOutcome => ({
  kind: "won",
  claim: { run: { ...run, failures: row.failures, rescues: row.rescues, firstStartedAt: row.firstStartedAt ?? null }, ...lease },
});
