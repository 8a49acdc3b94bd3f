import type { DueRun } from "../../../domain/due-run.ts";
import type { Instant } from "../../../domain/instant.ts";
import { type CanBeRun, judgeOverlap, type OverlapSibling, type OverlapVerdict } from "../../../domain/overlap.ts";
import { policyOf, type RunRow, waitsForAnother } from "../runs/run-row.ts";

/** A run to be claimed, with its row: due, and as the message says. */
export interface Contender {
  readonly run: DueRun;
  readonly row: RunRow;
}

export interface Judged extends Contender {
  readonly verdict: OverlapVerdict;
}

/** What a run has to itself of all rows of its job, for `judgeOverlap`; null: it contends with nobody. */
export function siblingOf(row: RunRow): OverlapSibling | null {
  const standing = standingOf(row);
  if (standing === null) return null;
  return { ...candidateOf(row), standing, startedAt: row.startedAt ?? null };
}

function standingOf(row: RunRow): OverlapSibling["standing"] | null {
  if (!row.exclusive) return null;
  if (row.state === "running") return "running";
  if (row.state !== "due") return null;
  if (waitsForAnother(row)) return "waiting";
  return row.standing === "deferred" ? null : "ready";
}

interface Judging {
  readonly now: Instant;
  readonly canBeRun?: CanBeRun;
}

/**
 * Judges the contenders of one job in the order of their ids, each as if those before it had already become what was decided of them. `rows`:
 * all rows of the job that may contend, in any order; of two of one run the later one counts.
 */
export function judgeInOrder(contenders: readonly Contender[], rows: readonly RunRow[], { now, canBeRun }: Judging): Judged[] {
  const siblings = new Map<string, OverlapSibling>();
  for (const row of rows) {
    const sibling = siblingOf(row);
    if (sibling !== null) siblings.set(row._id, sibling);
  }
  return inOrder(contenders).map(({ run, row }) => {
    const verdict = judgeOverlap(candidateOf(row), [...siblings.values()], canBeRun);
    foresee(siblings, { row, verdict, now });
    return { run, row, verdict };
  });
}

const inOrder = (contenders: readonly Contender[]): Contender[] =>
  contenders.toSorted((left, right) => (left.row._id < right.row._id ? -1 : 1));

const isStarted = ({ firstStartedAt }: RunRow): boolean => firstStartedAt !== undefined;

const candidateOf = (row: RunRow) => ({
  runId: row._id,
  scheduledFor: row.scheduledFor,
  queue: row.queue,
  handler: row.handler,
  overlap: policyOf(row),
  started: isStarted(row),
});

/** What the siblings will be once this verdict is carried out. */
function foresee(
  siblings: Map<string, OverlapSibling>,
  { row, verdict, now }: { readonly row: RunRow; readonly verdict: OverlapVerdict; readonly now: Instant },
): void {
  const own = siblingOf({ ...row, standing: "publishable" });
  if (own === null) return;
  if (verdict.kind === "start") siblings.set(row._id, { ...own, standing: "running", startedAt: now });
  if (verdict.kind === "skip") siblings.delete(row._id);
  if (verdict.kind === "wait") {
    siblings.set(row._id, { ...own, standing: "waiting" });
    for (const runId of verdict.supersedes) siblings.delete(runId);
  }
}
