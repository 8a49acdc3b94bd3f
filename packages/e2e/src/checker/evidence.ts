import type { Effect } from "../recorder/effect.ts";
import type { History, Plan, RunRow, Trigger, Write } from "./history.ts";
import { buildTimeline, type Timeline } from "./timeline.ts";

/** What is known of one job id, put together once for all invariants. */
export interface JobEvidence {
  readonly jobId: string;
  readonly writes: readonly Write[];
  readonly timeline: Timeline;
  readonly triggers: readonly Trigger[];
  /** Effects of runs that no request triggered, as far as is known. */
  readonly scheduledEffects: readonly Effect[];
  readonly scheduledRows: readonly RunRow[];
  /** Every plan the job ever had, and those of params that were sent along with a trigger, by mark. */
  readonly plansByMark: ReadonlyMap<string, Plan>;
}

/** Sorts a history by job. */
export function evidenceByJob(history: History): JobEvidence[] {
  const writes = Map.groupBy(history.writes, ({ jobId }) => jobId);
  const triggers = Map.groupBy(history.triggers, ({ jobId }) => jobId);
  const effects = Map.groupBy(history.effects, ({ jobId }) => jobId);
  const rows = Map.groupBy(history.rows, ({ jobId }) => jobId);
  const triggered = new Set(history.triggers.flatMap(({ runId }) => runId ?? []));
  const jobIds = new Set([...writes.keys(), ...effects.keys(), ...rows.keys()]);
  return [...jobIds].map((jobId) => {
    const own = writes.get(jobId) ?? [];
    return {
      jobId,
      writes: own,
      timeline: buildTimeline(own),
      triggers: triggers.get(jobId) ?? [],
      scheduledEffects: (effects.get(jobId) ?? []).filter(({ runId }) => !triggered.has(runId)),
      scheduledRows: (rows.get(jobId) ?? []).filter(({ cause }) => cause === "schedule"),
      plansByMark: new Map(own.flatMap((write) => ("plan" in write ? [[write.plan.mark, write.plan] as const] : []))),
    };
  });
}

/** A trigger whose answer was lost may have made this run: its effects are then no violation. */
export const mayBeTriggered = ({ triggers }: JobEvidence, scheduledFor: number): boolean =>
  triggers.some(({ runId, from, to }) => runId === null && from <= scheduledFor && scheduledFor <= to);

/** Effects by run, each in order of arrival. */
export const effectsByRun = (effects: readonly Effect[]): ReadonlyMap<string, readonly Effect[]> =>
  Map.groupBy(effects, ({ runId }) => runId);
