import { ATTEMPTS_KEPT_MAX, type AttemptState } from "../../domain/run.ts";
import type { Reason } from "../../domain/reason.ts";
import type { EndedRun } from "../../domain/settlement.ts";
import { AppError } from "../../domain/app-error.ts";
import { mapReadable } from "../../runtime/map-readable.ts";
import type { Core } from "./core.ts";
import type { OpenRun, RunExtra } from "./open-run.ts";
import type { RunEnd } from "./run-rows.ts";
import { endedRunOf } from "./run-view.ts";

export interface AttemptEnd {
  readonly state: AttemptState;
  readonly finishedAt: number;
  /** As JSON. */
  readonly error: string | null;
}

/** Moves the present attempt to those that are over. The run itself goes on, or ends otherwise than the attempt. */
export function closeAttempt({ owners }: Core, run: OpenRun, { state, finishedAt, error }: AttemptEnd): void {
  if (run.ownerKey === null || run.startedAt === null) return;
  const attempt = {
    attempt: run.attempt,
    state,
    startedAt: run.startedAt,
    finishedAt,
    executor: owners.get(run.ownerKey).executor,
    error: error === null ? null : JSON.parse(error),
  };
  run.extra = {
    ...run.extra,
    firstStartedAt: run.extra?.firstStartedAt ?? run.startedAt,
    attempts: [...(run.extra?.attempts ?? []), attempt].slice(-ATTEMPTS_KEPT_MAX),
  };
  run.ownerKey = null;
}

/** Ends a run that did not simply finish. The caller hands its key to `endings`. */
export function endRun(core: Core, run: OpenRun, { reason, ...end }: RunEnd & { readonly reason: Reason | null }): void {
  run.extra = withoutWait(run.extra);
  if (reason !== null) run.extra = { ...run.extra, reason };
  core.rows.close(run, end);
  core.open.end(run);
}

/** Ends a run that waits. Its last token counts no more: what its last attempt said has been taken. */
export function endWaiting(core: Core, run: OpenRun, end: Omit<RunEnd, "output"> & { readonly reason: Reason }): void {
  run.token = null;
  endRun(core, run, { output: null, ...end });
}

/** What the latest failed attempt said, as JSON. */
export function lastErrorOf({ extra }: OpenRun): string | null {
  const failed = extra?.attempts?.findLast(({ error }) => error !== null);
  return failed === undefined ? null : JSON.stringify(failed.error);
}

/** What a wait leaves behind goes with it. */
export function withoutWait(extra: RunExtra | null): RunExtra | null {
  if (extra === null) return null;
  const { wakeAt: _wakeAt, waitMs: _waitMs, dueAt: _dueAt, reason: _reason, ...rest } = extra;
  return orNull(rest);
}

/** Null rather than an object with nothing in it. */
export const orNull = (extra: RunExtra): RunExtra | null => (Object.keys(extra).length === 0 ? null : extra);

/** Reads back runs that have ended: one that cannot be read has ended all the same. */
export const readAllEnded = (core: Core, runs: readonly { readonly runKey: number; readonly runId: string }[]): EndedRun[] =>
  mapReadable(runs, { kind: "run", idOf: ({ runId }) => runId, map: (run) => readEnded(core, run), onUnreadable: core.onUnreadable });

/** Reads back a run that has ended, as it is announced. */
export function readEnded({ readRun }: Core, { runKey, runId }: { readonly runKey: number; readonly runId: string }): EndedRun {
  const row = readRun(runKey);
  if (row === null) throw new AppError("store_corrupt", `run ${runId}: its row is gone`);
  return endedRunOf(row);
}
