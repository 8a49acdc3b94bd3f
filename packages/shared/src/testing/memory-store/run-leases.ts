import { rescueRun } from "../../domain/run-changes.ts";
import type { RunLeases } from "../../ports/run-leases.ts";
import { wakeNext } from "./overlap.ts";
import { by, byId, type MemoryState, openRunsIn, saveRun, type StoredRun, toEnded } from "./state.ts";

export const createRunLeases = (state: MemoryState): RunLeases => ({
  async ending({ shard, now, after, limit }) {
    const passed = new Set(after?.runIds);
    const isBehind = ({ runId, leaseEndsAt }: StoredRun): boolean =>
      leaseEndsAt !== null &&
      leaseEndsAt <= now &&
      (after === null || leaseEndsAt > after.expiresAt || (leaseEndsAt === after.expiresAt && !passed.has(runId)));
    const found = openRunsIn(state, shard, "running").filter(isBehind).sort(byId);
    return found
      .sort(by(({ leaseEndsAt }) => leaseEndsAt))
      .slice(0, limit)
      .map(({ runId, handler, attempt, rescues, leaseMs, leaseEndsAt, onUncertain, cancelRequested }) => ({
        ...{ runId, handler, attempt, rescues, onUncertain, cancelRequested, ownerGone: false },
        leaseMs: leaseMs ?? 0,
        expiresAt: leaseEndsAt ?? 0,
      }));
  },
  async rescue({ rescues, now }) {
    const ended: StoredRun[] = [];
    let rescued = 0;
    for (const { runId, expiresAt, to, error } of rescues) {
      const run = state.runs.get(runId);
      if (run?.state !== "running" || run.leaseEndsAt !== expiresAt) continue;
      const next = rescueRun(run, { to, error, now });
      saveRun(state, next);
      wakeNext(state, next);
      rescued += 1;
      if (next.standing === null) ended.push(next);
    }
    return { rescued, ended: toEnded(state, ended) };
  },
});
