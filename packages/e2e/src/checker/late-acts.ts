import type { Effect } from "../recorder/effect.ts";

/**
 * What an owner that stood still did when it went on, before it had looked at its clock: its attempt started, newer ones had started before,
 * and it gave it up. Nothing can keep a process from being stopped between its last look and its act, so G5 does not promise that; it
 * promises that the result is refused, and the target can tell by the older attempt. `resumedAt`: since when that may be.
 */
export function lateActsOf(effects: readonly Effect[], resumedAt: number): Effect[] {
  const newest = new Map<string, number>();
  return effects.filter(({ runId, attempt, startedAt, outcome }) => {
    const before = newest.get(runId) ?? 0;
    newest.set(runId, Math.max(before, attempt));
    return attempt < before && startedAt >= resumedAt && outcome === "aborted";
  });
}
