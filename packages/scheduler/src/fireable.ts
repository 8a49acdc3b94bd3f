import type { Job } from "@tickline/shared/domain/job";
import type { LocalWorkers } from "@tickline/shared/ports/local-workers";
import type { DueHeap } from "./due-heap.ts";
import type { RangeContext } from "./scheduler-deps.ts";

/** A due job waits for a local worker at most this long before it is fired for anybody. Milliseconds. */
export const HELD_MS_MAX = 5_000;

/**
 * Takes due jobs out of the heap, leaving in it those for which a local worker will be free in a moment: fired then,
 * they are claimed in the same write. `wake` is called when a worker is free again.
 */
export function takeFireable(heap: DueHeap, { localWorkers, config, now }: RangeContext, wake: () => void): Job[] {
  const due = heap.takeDue(now(), config.fireJobsMax);
  if (localWorkers === null || due.length === 0) return due;
  const oldest = now() - HELD_MS_MAX;
  const { fireable, held } = split(due, localWorkers, oldest);
  for (const job of held) heap.put(job);
  if (held.length > 0) localWorkers.onceFree(wake);
  return fireable;
}

function split(due: readonly Job[], workers: LocalWorkers, oldest: number): { readonly fireable: Job[]; readonly held: readonly Job[] } {
  const fireable: Job[] = [];
  const held: Job[] = [];
  let free = workers.free();
  for (const job of due) {
    const { queue, handler } = job.definition;
    if (free > 0) {
      free -= 1;
      fireable.push(job);
    } else if ((job.nextRunAt ?? 0) > oldest && workers.freeSoon(queue, handler)) held.push(job);
    else fireable.push(job);
  }
  return { fireable, held };
}
