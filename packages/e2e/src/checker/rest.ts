import type { Effect } from "../recorder/effect.ts";
import { isEnded, show, violation, type History, type Violation } from "./history.ts";

/** I10: once drained nothing is open, and what the runs say is what their targets saw. */
export function unrest({ rows, horizonAt, effects }: History, byRun: ReadonlyMap<string, readonly Effect[]>): Violation[] {
  const known = new Set(rows.map(({ id }) => id));
  const old = rows.filter(({ scheduledFor }) => scheduledFor <= horizonAt);
  const open = old
    .filter(({ state }) => !isEnded(state))
    .map(({ id, jobId, state, scheduledFor }) => violation("I10", `run ${id} of ${jobId} at ${show(scheduledFor)} is still ${state}`));
  const unknown = effects
    .filter(({ runId, scheduledFor }) => scheduledFor <= horizonAt && !known.has(runId))
    .map(({ runId, jobId }) => violation("I10", `run ${runId} of ${jobId} called its target, and no record knows it`));
  const untrue = old.flatMap((row) => {
    const last = byRun.get(row.id)?.at(-1);
    if (last === undefined) return [];
    const wrong =
      (row.state === "succeeded" && last.status !== 200) ||
      (row.state === "failed" && last.status === 200 && row.attempt === last.attempt) ||
      row.attempt < last.attempt;
    const seen = `attempt ${last.attempt} was ${last.outcome} with ${last.status}`;
    return wrong ? [violation("I10", `run ${row.id} of ${row.jobId} is ${row.state} in attempt ${row.attempt}, and its last ${seen}`)] : [];
  });
  return [...open, ...unknown, ...untrue];
}
