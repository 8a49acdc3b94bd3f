import type { Effect } from "../recorder/effect.ts";

/** From when an owner goes on until the targets of what it then did have seen it, on a busy machine. Milliseconds. */
const LATE_ACT_MS_MAX = 5_000;

/**
 * What an owner that stood still did when it went on, before it had looked at its clock: its attempt started, and newer ones had started
 * before. Nothing can keep a process from being stopped between its last look and its act, so G5 does not promise that; it promises that
 * the result is refused, and the target can tell by the older attempt. A target that answers at once does so before its caller gives up.
 * `resumedAt`: when it went on.
 */
export function findLateActs(effects: readonly Effect[], resumedAt: number): Effect[] {
  const attempts = new Map<string, number[]>();
  return effects.filter(({ runId, attempt, startedAt }) => {
    const before = attempts.get(runId) ?? [];
    attempts.set(runId, [...before, attempt]);
    const isOlder = attempt < Math.max(0, ...before) && !before.includes(attempt);
    return isOlder && startedAt >= resumedAt && startedAt <= resumedAt + LATE_ACT_MS_MAX;
  });
}
