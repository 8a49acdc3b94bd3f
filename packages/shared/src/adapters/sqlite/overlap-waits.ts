import { judgeOverlap, type OverlapSibling, type OverlapVerdict, waitMsAfter } from "../../domain/overlap.ts";
import type { Core } from "./core.ts";
import { firstStartOf, type OpenRun, waitsForAnother } from "./open-run.ts";
import { makePublishable, putAside } from "./run-waits.ts";

type Candidate = Pick<OpenRun, "runId" | "jobKey" | "scheduledFor" | "traits" | "startedAt" | "extra">;

const ALONE: OverlapVerdict = { kind: "start" };

/** Whether a run may start now, by its overlap policy and the other open runs of its job. */
export function verdictOn({ open }: Core, run: Candidate): OverlapVerdict {
  const { runId, jobKey, scheduledFor, traits } = run;
  const contending = open.contending(jobKey);
  // Mostly there is no other.
  if (contending.length === 0 || (contending.length === 1 && contending[0]?.runId === runId)) return ALONE;
  const { queue, handler, overlap } = traits;
  const candidate = { runId, scheduledFor, queue, handler, overlap, started: firstStartOf(run) !== null };
  return judgeOverlap(candidate, contending.map(siblingOf));
}

const siblingOf = (run: OpenRun): OverlapSibling => ({
  runId: run.runId,
  scheduledFor: run.scheduledFor,
  queue: run.traits.queue,
  handler: run.traits.handler,
  overlap: run.traits.overlap,
  standing: run.mode === "none" ? "running" : waitsForAnother(run) ? "waiting" : "ready",
  startedAt: run.startedAt,
});

/** A run of the job no longer contends: the oldest that waits for another is publishable now. Returns it; null: none waits. */
export function wakeNext(core: Core, { jobKey }: Pick<OpenRun, "jobKey">): OpenRun | null {
  const next = core.open.contending(jobKey).find(waitsForAnother);
  if (next === undefined) return null;
  makePublishable(core, next);
  return next;
}

/** The same for all of these. Returns of how many jobs a run was waiting. */
export function wakeNextOfEach(core: Core, runs: readonly OpenRun[]): number {
  const jobs = new Map(runs.map((run) => [run.jobKey, run]));
  return [...jobs.values()].filter((run) => wakeNext(core, run) !== null).length;
}

/** Waits for another run of its job to end. It is looked at again after a while, should nobody wake it. */
export function waitForAnother(core: Core, run: OpenRun, now: number): void {
  const waitMs = waitMsAfter(run.extra?.waitMs ?? null);
  run.asideAt = now;
  putAside(core, run, { reason: "overlap", wakeAt: now + waitMs, waitMs });
}

/** True of the oldest run of its job that is ready or waits for another. */
export const isNextOfJob = ({ open }: Core, run: OpenRun): boolean =>
  open.contending(run.jobKey).find(({ mode }) => mode !== "none") === run;
