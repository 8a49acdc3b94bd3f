import { isInShard } from "../../domain/slot.ts";
import type { EndingQuery, LeasePosition, LeaseView, Rescue, RescueResult } from "../../ports/run-leases.ts";
import { RUN_STATE } from "./codes.ts";
import type { Core } from "./core.ts";
import type { EndedKey } from "./endings.ts";
import type { OpenRun } from "./open-run.ts";
import { wakeNext } from "./overlap-waits.ts";
import { closeAttempt, endRun, lastErrorOf, readAllEnded } from "./run-ends.ts";
import { makeDueAgain } from "./run-waits.ts";

/** When the lease would have ended by a clock. It only names the lease: here the end of a process ends it. */
function expiryOf({ owners }: Core, run: OpenRun): number {
  return (run.startedAt ?? 0) + (run.ownerKey === null ? 0 : owners.get(run.ownerKey).leaseMs);
}

/** Attempts whose process is gone. Its own leases are ended by no clock. */
export const endingLeases =
  (core: Core) =>
  ({ shard, after, limit }: EndingQuery): LeaseView[] =>
    [...core.open.orphans]
      .filter(({ slot }) => isInShard(slot, shard))
      .map((run) => viewOf(core, run))
      .filter(behind(after))
      .sort((left, right) => left.expiresAt - right.expiresAt)
      .slice(0, limit);

function behind(after: LeasePosition | null): (lease: LeaseView) => boolean {
  if (after === null) return () => true;
  const passed = new Set(after.runIds);
  return ({ expiresAt, runId }) => expiresAt > after.expiresAt || (expiresAt === after.expiresAt && !passed.has(runId));
}

const viewOf = (core: Core, run: OpenRun): LeaseView => ({
  runId: run.runId,
  handler: run.traits.handler,
  attempt: run.attempt,
  rescues: run.extra?.rescues ?? 0,
  leaseMs: run.ownerKey === null ? 0 : core.owners.get(run.ownerKey).leaseMs,
  expiresAt: expiryOf(core, run),
  ownerGone: true,
  onUncertain: run.traits.onUncertain,
  cancelRequested: run.extra?.cancelRequested ?? false,
});

export const rescue =
  (core: Core) =>
  ({ rescues, now }: { readonly rescues: readonly Rescue[]; readonly now: number }): RescueResult => {
    const keys: EndedKey[] = [];
    let rescued = 0;
    for (const { runId, expiresAt, to, error } of rescues) {
      const run = core.open.byId.get(runId);
      if (run === undefined || !core.open.orphans.has(run) || expiryOf(core, run) !== expiresAt) continue;
      closeAttempt(core, run, { state: "lost", finishedAt: now, error: null });
      run.token = null;
      rescued += 1;
      if (to === "due" && run.extra?.cancelRequested !== true) {
        run.extra = { ...run.extra, rescues: (run.extra?.rescues ?? 0) + 1 };
        makeDueAgain(core, run, now);
      } else {
        const state = RUN_STATE[to === "due" ? "cancelled" : to];
        const said = error === undefined ? lastErrorOf(run) : JSON.stringify(error);
        endRun(core, run, { state, finishedAt: now, output: null, error: said, reason: null });
        keys.push(run);
      }
      wakeNext(core, run);
    }
    core.endings.add(keys, now);
    return { rescued, ended: readAllEnded(core, keys) };
  };
