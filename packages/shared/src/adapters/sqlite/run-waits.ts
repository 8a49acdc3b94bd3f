import type { Deferral } from "../../ports/run-claims.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { OpenRun, RunExtra } from "./open-run.ts";
import { orNull, withoutWait } from "./run-ends.ts";

/** Due again: the next attempt, publishable at once. The caller has ended the one before. */
export function makeDueAgain({ open, rows }: Core, run: OpenRun, now: number): void {
  run.attempt += 1;
  run.repeatMs = 0;
  run.parked = true;
  run.extra = { ...withoutWait(run.extra), dueAt: now };
  rows.save(run, RUN_STATE.due);
  open.wait(run, "ready");
}

type Aside = Pick<Deferral, "reason" | "wakeAt"> & Pick<RunExtra, "waitMs">;

/** `wakeAt` null: no time wakes it. */
export function putAside({ open, rows }: Core, run: OpenRun, { wakeAt, ...aside }: Aside): void {
  const { wakeAt: _wakeAt, ...kept } = run.extra ?? {};
  run.extra = { ...kept, ...aside, ...(wakeAt !== null && { wakeAt }) };
  rows.save(run, RUN_STATE.due);
  open.wait(run, "deferred", wakeAt ?? undefined);
}

/** A run that was put aside is publishable again. Since when it is due, and how long it waited for another, is kept. */
export function makePublishable({ open, rows }: Core, run: OpenRun): void {
  const { wakeAt: _wakeAt, reason: _reason, ...rest } = run.extra ?? {};
  run.extra = orNull(rest);
  rows.save(run, RUN_STATE.due);
  open.wait(run, "ready");
}
