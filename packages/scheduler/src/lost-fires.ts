import type { Job } from "@tickline/shared/domain/job";
import { boundedCache } from "@tickline/shared/domain/schedule/bounded-cache";

/** Fires of one job lost in a row though nobody else wrote it meanwhile: one or two may be reads that are a little old. */
const LOSSES_MAX = 5;
/** Jobs whose losses are counted. */
const LOSSES_KEPT_MAX = 1_000;

/** `again`: to be read again, somebody else has written them. `tooOften`: nobody has, and they would be lost without end. */
export interface SortedLosses {
  readonly again: readonly Job[];
  readonly tooOften: readonly Job[];
}

/** Counts lost fires. */
export function createLostFires(): (lost: readonly Job[]) => SortedLosses {
  const losses = boundedCache<string, { readonly at: string; readonly times: number }>(LOSSES_KEPT_MAX);

  function isTooOften({ uid, version, nextRunAt }: Job): boolean {
    const at = `${version} ${nextRunAt}`;
    const known = losses.get(uid);
    const times = known?.at === at ? known.times + 1 : 1;
    losses.set(uid, { at, times: times % LOSSES_MAX });
    return times >= LOSSES_MAX;
  }
  return (lost) => {
    const again: Job[] = [];
    const tooOften: Job[] = [];
    for (const job of lost) (isTooOften(job) ? tooOften : again).push(job);
    return { again, tooOften };
  };
}
