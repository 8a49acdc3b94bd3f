import { STORE_TIME_DIFFERENCE_MS_MAX } from "../../domain/time-limits.ts";
import { isInShard } from "../../domain/slot.ts";
import type { DueRuns } from "../../ports/due-runs.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { OpenRun } from "./open-run.ts";
import { repeat } from "./waits.ts";

type Request = Parameters<DueRuns["resetWaits"]>[0];

/** Leases are ended by no clock here. */
export const resetWaits =
  (core: Core) =>
  (request: Request): number =>
    [...core.open.byId.values()].filter((run) => isInShard(run.slot, request.shard) && reset(core, run, request)).length;

/** True if it had to be. */
function reset(core: Core, run: OpenRun, { now, waitMsMax }: Request): boolean {
  const latest = now + STORE_TIME_DIFFERENCE_MS_MAX;
  switch (run.mode) {
    case "none":
    case "ready":
      return false;
    case "published":
    case "deferred": {
      if ((run.mode === "published" ? run.repeatAt : (run.extra?.wakeAt ?? 0)) <= latest + waitMsMax) return false;
      repeat(core, run, now);
      return true;
    }
    case "retrying": {
      const wakeAt = run.extra?.wakeAt ?? now;
      const failedAt = run.extra?.attempts?.at(-1)?.finishedAt ?? now;
      if (failedAt <= latest || wakeAt < failedAt) return false;
      const sooner = now + wakeAt - failedAt;
      run.extra = { ...run.extra, wakeAt: sooner };
      core.rows.save(run, RUN_STATE.retrying);
      core.open.wait(run, "retrying", sooner);
      return true;
    }
  }
}
