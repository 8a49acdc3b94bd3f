import type { Instant } from "../../domain/time/instant.ts";
import {
  type ContendingRun,
  isExclusive,
  isNextBefore,
  judgeOverlap,
  type OverlapSibling,
  type OverlapVerdict,
  waitingInTurn,
} from "../../domain/policy/overlap.ts";
import { makePublishable, waitForAnother } from "../../domain/run/run-changes.ts";
import { canBeRun, type MemoryState, save, type StoredRun } from "./state.ts";

/** The role of each standing among the runs of the job; runs with other standings do not contend. */
const SIBLING_STANDINGS = { publishable: "ready", published: "ready", waiting: "waiting", running: "running" } as const;

function toContender({ runId, scheduledFor, queue, handler, overlap, firstStartedAt }: StoredRun): ContendingRun {
  return { runId, scheduledFor, queue, handler, overlap, started: firstStartedAt !== null };
}

/** The open runs of the job that contend for its lock. */
const siblings = ({ openRuns }: MemoryState, { jobUid, overlap }: StoredRun): OverlapSibling[] =>
  [...(isExclusive(overlap) ? (openRuns.get(jobUid)?.values() ?? []) : [])].flatMap((run) => {
    const standing = SIBLING_STANDINGS[run.standing as keyof typeof SIBLING_STANDINGS];
    const contends = standing !== undefined && isExclusive(run.overlap);
    return contends ? [{ ...toContender(run), standing, startedAt: run.startedAt }] : [];
  });

const canRun =
  (state: MemoryState) =>
  ({ runId }: OverlapSibling): boolean =>
    canBeRun(state, state.runs.get(runId) as StoredRun);

/** Whether a run may start now, by its policy and the other open runs of its job. */
export const judge = (state: MemoryState, run: StoredRun): OverlapVerdict =>
  judgeOverlap(toContender(run), siblings(state, run), canRun(state));

/** Called when a run of the job no longer contends: makes the waiting runs that may start publishable. Returns them, the oldest first. */
export function wakeNext(state: MemoryState, run: StoredRun): readonly StoredRun[] {
  const allowed = waitingInTurn(siblings(state, run), canRun(state));
  const next = allowed.map(({ runId }) => makePublishable(state.runs.get(runId) as StoredRun));
  save(state, ...next);
  return next;
}

/** Of the runs that wait for another run of their job only the first is checked again: the others wait for it. */
export function repeat(state: MemoryState, run: StoredRun, now: Instant): StoredRun {
  const isBehind = (): boolean => {
    const contender = toContender(run);
    return siblings(state, run).some((other) => isNextBefore(other, contender) && canRun(state)(other));
  };
  return run.standing === "waiting" && isBehind() ? waitForAnother(run, now) : makePublishable(run);
}
