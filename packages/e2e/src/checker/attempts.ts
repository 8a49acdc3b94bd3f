import type { Effect } from "../recorder/effect.ts";
import { show, violation, type Plan, type Violation } from "./history.ts";

export interface AttemptLimits {
  /** Attempt n + 1 may be seen this long before the end of n: the end of a connection is seen late. Milliseconds. */
  readonly overlapMsMax: number;
}

/** I4: of one run, no attempt starts twice, their numbers rise, and none starts beside another. */
export function repeatedAttempts(effects: ReadonlyMap<string, readonly Effect[]>, { overlapMsMax }: AttemptLimits): Violation[] {
  const found: Violation[] = [];
  for (const [runId, calls] of effects) {
    for (const [index, call] of calls.entries()) {
      const before = calls[index - 1];
      if (before === undefined) continue;
      if (call.attempt <= before.attempt)
        found.push(
          violation("I4", `run ${runId}: attempt ${call.attempt} started at ${show(call.startedAt)}, after attempt ${before.attempt}`),
        );
      if (before.endedAt === null || before.endedAt - call.startedAt > overlapMsMax)
        found.push(violation("I4", `run ${runId}: attempt ${call.attempt} started while attempt ${before.attempt} was under way`));
    }
  }
  return found;
}

/** I3: nothing starts before its instant. */
export const earlyStarts = (effects: readonly Effect[]): Violation[] =>
  effects
    .filter(({ startedAt, scheduledFor }) => !(startedAt >= scheduledFor))
    .map(({ runId, startedAt, scheduledFor }) => violation("I3", `run ${runId} of ${show(scheduledFor)} started at ${show(startedAt)}`));

/** G4: where the job says so, an attempt whose outcome is unknown is the last one. */
export function rerunUncertain(effects: ReadonlyMap<string, readonly Effect[]>, plans: ReadonlyMap<string, Plan>): Violation[] {
  const found: Violation[] = [];
  for (const [runId, calls] of effects) {
    for (const [index, { outcome, mark, attempt }] of calls.entries()) {
      if (plans.get(mark)?.onUncertain === "skip" && outcome === "aborted" && index < calls.length - 1)
        found.push(violation("G4", `run ${runId}: attempt ${attempt} was interrupted, and it was run again all the same`));
    }
  }
  return found;
}
