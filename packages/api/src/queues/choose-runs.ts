import { QUARANTINE_RESCUES_MIN, type DueRun } from "@tickline/shared/domain/run/due-run";
import { jsonBytes } from "@tickline/shared/domain/json/json";

export interface ChoiceLimits {
  readonly runsMax: number;
  readonly paramsBytesMax: number;
}

/**
 * The runs of one claim, of those that wait, in their order. A run that was rescued often may be what ends its executors: it is claimed alone, so that it
 * ends no other run. Of one job no more runs are chosen than one executor may have at once.
 */
export function chooseRuns(waiting: readonly DueRun[], { runsMax, paramsBytesMax }: ChoiceLimits): readonly DueRun[] {
  const [first] = waiting;
  if (first === undefined) return [];
  if (isQuarantined(first)) return [first];
  const chosen: DueRun[] = [];
  const ofJob = new Map<string, number>();
  let bytes = 0;
  for (const run of waiting) {
    if (chosen.length >= runsMax) break;
    const before = ofJob.get(run.jobUid) ?? 0;
    if (isQuarantined(run) || before >= atOnceMax(run)) continue;
    bytes += jsonBytes(run.params);
    if (bytes > paramsBytesMax && chosen.length > 0) break;
    ofJob.set(run.jobUid, before + 1);
    chosen.push(run);
  }
  return chosen;
}

const isQuarantined = ({ rescues }: DueRun): boolean => rescues >= QUARANTINE_RESCUES_MIN;
const atOnceMax = ({ exclusive, workersMax }: DueRun): number => workersMax ?? (exclusive ? 1 : Infinity);
