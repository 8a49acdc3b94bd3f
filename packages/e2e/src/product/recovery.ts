import type { Effect } from "../recorder/effect.ts";
import type { Life } from "./killer.ts";

/** An attempt that a kill cut off, and how long the product was up until it took the run up again. */
export interface Recovery {
  readonly runId: string;
  readonly attempt: number;
  /** For how long the product was up between the kill and the next attempt; null: there was none. */
  readonly afterUpMs: number | null;
  /** True when it was cut off for the first time: a run that was rescued twice is claimed alone, and so waits for others like it. */
  readonly first: boolean;
}

/** What became of each attempt that a kill cut off. */
export function findRecoveries(effects: readonly Effect[], lives: readonly Life[]): Recovery[] {
  const byRun = Map.groupBy(effects, ({ runId }) => runId);
  return effects
    .filter(({ outcome }) => outcome === "aborted")
    .map(({ runId, attempt, endedAt }) => {
      const next = byRun.get(runId)?.find((effect) => effect.attempt > attempt);
      const afterUpMs = next === undefined || endedAt === null ? null : upBetween(lives, { from: endedAt, to: next.startedAt });
      return { runId, attempt, afterUpMs, first: attempt === 1 && (next === undefined || next.attempt === 2) };
    });
}

function upBetween(lives: readonly Life[], { from, to }: { readonly from: number; readonly to: number }): number {
  return lives.reduce((sum, { upAt, killedAt }) => sum + Math.max(0, Math.min(killedAt, to) - Math.max(upAt ?? killedAt, from)), 0);
}

/** From the start of each process that came up to the first effect it had. */
export const firstEffectsMs = (effects: readonly Effect[], lives: readonly Life[]): number[] =>
  lives.flatMap(({ spawnedAt, killedAt, upAt }) => {
    const first = effects.find(({ startedAt }) => startedAt >= spawnedAt && startedAt <= killedAt);
    return upAt === null || first === undefined ? [] : [first.startedAt - spawnedAt];
  });
