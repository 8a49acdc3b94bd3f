import type { DueRun } from "../../../domain/run/due-run.ts";
import type { Instant } from "../../../domain/time/instant.ts";
import { type CanBeRun, judgeOverlap, type OverlapSibling, type OverlapVerdict } from "../../../domain/policy/overlap.ts";
import { readPolicy, type RunRow, waitsForAnother } from "../runs/run-row.ts";

/** A run to be claimed, with its row: due, and in agreement with the message. */
export interface Contender {
  readonly run: DueRun;
  readonly row: RunRow;
}

export interface Judged extends Contender {
  readonly verdict: OverlapVerdict;
}

/** A row of the job as `judgeOverlap` compares it; null: it does not contend. */
export function toSibling(row: RunRow): OverlapSibling | null {
  const standing = readStanding(row);
  return standing === null ? null : { ...toCandidate(row), standing, startedAt: row.startedAt ?? null };
}

function readStanding(row: RunRow): OverlapSibling["standing"] | null {
  if (!row.exclusive) return null;
  if (row.state === "running") return "running";
  if (row.state !== "due") return null;
  if (waitsForAnother(row)) return "waiting";
  return row.standing === "deferred" ? null : "ready";
}

const toCandidate = (row: RunRow) => ({
  runId: row._id,
  scheduledFor: row.scheduledFor,
  queue: row.queue,
  handler: row.handler,
  overlap: readPolicy(row),
  started: row.firstStartedAt !== undefined,
});

interface Judging {
  readonly now: Instant;
  readonly canBeRun?: CanBeRun;
}

/**
 * Judges the contenders of one job in the order of their ids, each as if the verdicts on earlier ones had been carried out. `rows`:
 * all rows of the job that may contend, in any order; of two rows of one run the later one counts.
 */
export function judgeInOrder(contenders: readonly Contender[], rows: readonly RunRow[], { now, canBeRun }: Judging): Judged[] {
  const siblings = new Map<string, OverlapSibling>();
  for (const row of rows) {
    const sibling = toSibling(row);
    if (sibling !== null) siblings.set(row._id, sibling);
  }
  const inOrder = contenders.toSorted((left, right) => (left.row._id < right.row._id ? -1 : 1));
  return inOrder.map(({ run, row }) => {
    const verdict = judgeOverlap(toCandidate(row), [...siblings.values()], canBeRun);
    foresee(siblings, { row, verdict, now });
    return { run, row, verdict };
  });
}

/** Changes the siblings to what they will be once this verdict is carried out. */
function foresee(
  siblings: Map<string, OverlapSibling>,
  { row, verdict, now }: { readonly row: RunRow; readonly verdict: OverlapVerdict; readonly now: Instant },
): void {
  const own = toSibling({ ...row, standing: "publishable" });
  if (own === null) return;
  if (verdict.kind === "start") siblings.set(row._id, { ...own, standing: "running", startedAt: now });
  if (verdict.kind === "skip") siblings.delete(row._id);
  if (verdict.kind === "wait") {
    siblings.set(row._id, { ...own, standing: "waiting" });
    for (const runId of verdict.supersedes) siblings.delete(runId);
  }
}
