import type { RunRow } from "@tickline/shared/adapters/mongodb/runs/run-row";
import type { Effect } from "./handlers.ts";

/** One instant of one job that the schedules owed. */
export interface Owed {
  readonly jobId: string;
  readonly scheduledFor: number;
}

export type JudgedRun = Pick<RunRow, "_id" | "jobId" | "scheduledFor" | "state">;

/** What was owed against what stands in the store and what handlers did. All but the first two should be 0. */
export interface Verdict {
  readonly owed: number;
  readonly succeeded: number;
  /** Owed, and no run of them. */
  readonly lost: number;
  /** Runs beyond the first of one instant. */
  readonly doubled: number;
  /** Runs of instants that were not owed. */
  readonly strange: number;
  /** Runs that did not succeed. */
  readonly otherwise: number;
  /** Runs whose handler was called more than once. */
  readonly twoEffects: number;
  /** Calls of handlers that no succeeded run stands for, and succeeded runs without one. */
  readonly unmatched: number;
}

const instantKey = ({ jobId, scheduledFor }: Owed): string => `${jobId} ${scheduledFor}`;

export function judge(owed: readonly Owed[], runs: readonly JudgedRun[], effects: readonly Effect[]): Verdict {
  const owedKeys = new Set(owed.map(instantKey));
  const runKeys = runs.map(instantKey);
  const known = new Set(runKeys);
  const succeeded = new Set(runs.filter(({ state }) => state === "succeeded").map(({ _id }) => _id));
  const calls = new Map<string, number>();
  for (const { runId } of effects) calls.set(runId, (calls.get(runId) ?? 0) + 1);
  return {
    owed: owedKeys.size,
    succeeded: succeeded.size,
    lost: [...owedKeys].filter((key) => !known.has(key)).length,
    doubled: runKeys.length - known.size,
    strange: [...known].filter((key) => !owedKeys.has(key)).length,
    otherwise: runs.length - succeeded.size,
    twoEffects: [...calls.values()].filter((count) => count > 1).length,
    unmatched:
      [...calls.keys()].filter((runId) => !succeeded.has(runId)).length + [...succeeded].filter((runId) => !calls.has(runId)).length,
  };
}
