import {
  type CanBeRun,
  isExclusive,
  judgeOverlap,
  type OverlapSibling,
  type OverlapVerdict,
  waitingInTurn,
  waitMsAfter,
} from "../../domain/overlap.ts";
import type { Core } from "./core.ts";
import { firstStartOf, type OpenRun } from "./open-run.ts";
import { makePublishable, putAside } from "./run-waits.ts";

type Candidate = Pick<OpenRun, "runId" | "jobKey" | "scheduledFor" | "traits" | "startedAt" | "extra">;

const ALONE: OverlapVerdict = { kind: "start" };

/** Whether a run may start now, by its overlap policy and the other open runs of its job. */
export function verdictOn(core: Core, run: Candidate): OverlapVerdict {
  const canBeRun = canBeRunIn(core);
  const others = core.open.contending.beside(run, canBeRun);
  if (others.length === 0) return ALONE;
  const { runId, scheduledFor, traits } = run;
  const { queue, handler, overlap } = traits;
  const candidate = { runId, scheduledFor, queue, handler, overlap, started: firstStartOf(run) !== null };
  return judgeOverlap(candidate, others.map(siblingOf), siblingCanBeRun(core));
}

/** What is left out of what can be published. */
const canBeRunIn =
  ({ definitions }: Core) =>
  ({ definitionKey }: OpenRun): boolean =>
    definitions.get(definitionKey).stored.kind === "read";

function siblingCanBeRun(core: Core): CanBeRun {
  const canBeRun = canBeRunIn(core);
  return ({ runId }) => {
    const run = core.open.byId.get(runId);
    return run !== undefined && canBeRun(run);
  };
}

/** An open run as the rule of overlap sees it. */
export const siblingOf = (run: OpenRun): OverlapSibling => ({
  runId: run.runId,
  scheduledFor: run.scheduledFor,
  queue: run.traits.queue,
  handler: run.traits.handler,
  overlap: run.traits.overlap,
  standing: run.contends ?? "ready",
  startedAt: run.startedAt,
  started: firstStartOf(run) !== null,
});

const NONE: readonly OpenRun[] = [];

/** A run of the job no longer contends: those that waited and whose turn has come are publishable now. Returns them, the oldest first. */
export function wakeNext(core: Core, { jobKey, traits }: Pick<OpenRun, "jobKey" | "traits">): readonly OpenRun[] {
  if (!isExclusive(traits.overlap)) return NONE; // It has never contended.
  const contending = core.open.contending.toWake(jobKey, canBeRunIn(core));
  if (contending.length === 0) return NONE; // Mostly.
  const waiting = waitingInTurn(contending.map(siblingOf), siblingCanBeRun(core));
  const next = waiting.flatMap(({ runId }) => core.open.byId.get(runId) ?? []);
  for (const woken of next) makePublishable(core, woken);
  return next;
}

/** The same for all of these. Returns how many are publishable now. */
export function wakeNextOfEach(core: Core, runs: readonly OpenRun[]): number {
  const jobs = new Map(runs.filter(({ traits }) => isExclusive(traits.overlap)).map((run) => [run.jobKey, run]));
  return [...jobs.values()].reduce((woken, run) => woken + wakeNext(core, run).length, 0);
}

/** Waits for another run of its job to end. It is looked at again after a while, should nobody wake it. */
export function waitForAnother(core: Core, run: OpenRun, now: number): void {
  const waitMs = waitMsAfter(run.extra?.waitMs ?? null);
  run.asideAt = now;
  run.repeatMs = 0; // Whoever claimed it has received it: it is published anew.
  putAside(core, run, { reason: "overlap", wakeAt: now + waitMs, waitMs });
}

/** True of the oldest run of its job, queue and handler that is ready or waits for another. */
export const isNextOfJob = (core: Core, run: OpenRun): boolean => core.open.contending.before(run, canBeRunIn(core)) === undefined;
