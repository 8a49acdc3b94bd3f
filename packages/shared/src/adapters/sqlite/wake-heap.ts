import { popEarliest, pushTimed } from "../../domain/time-heap.ts";
import type { OpenRun } from "./open-run.ts";

interface Entry {
  readonly at: number;
  readonly run: OpenRun;
}

/** Runs by when they are to be woken. Entries that no longer hold stay until they surface. */
export interface WakeHeap {
  add(at: number, run: OpenRun): void;
  /** Takes out up to `limit` runs of the slots asked for whose time has come by `now`; `more` if there are others. */
  take(query: { readonly now: number; readonly limit: number; readonly mine: (run: OpenRun) => boolean }): {
    readonly runs: OpenRun[];
    readonly more: boolean;
  };
  /** The earliest time a run that is `mine` has to be woken; null: none. */
  earliest(mine: (run: OpenRun) => boolean): number | null;
}

/** `holds`: the run is still to be woken at that time for this reason. */
export function createWakeHeap(holds: (run: OpenRun, at: number) => boolean): WakeHeap {
  const heap: Entry[] = [];

  function dropOutdated(): Entry | undefined {
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      if (holds(top.run, top.at)) return top;
      popEarliest(heap);
    }
    return undefined;
  }
  return {
    add: (at, run) => pushTimed(heap, { at, run }),
    take({ now, limit, mine }) {
      const runs = new Set<OpenRun>();
      const others: Entry[] = [];
      let more = false;
      for (let top = dropOutdated(); top !== undefined && top.at <= now; top = dropOutdated()) {
        if (mine(top.run) && runs.size >= limit) {
          more = true;
          break;
        }
        popEarliest(heap);
        if (mine(top.run)) runs.add(top.run);
        else others.push(top);
      }
      for (const entry of others) pushTimed(heap, entry);
      return { runs: [...runs], more };
    },
    earliest(mine) {
      const top = dropOutdated();
      if (top === undefined || mine(top.run)) return top?.at ?? null;
      // Another leader's run is earlier: rare in one process, so the heap is simply gone through.
      let least: number | null = null;
      for (const { at, run } of heap) if (holds(run, at) && mine(run) && (least === null || at < least)) least = at;
      return least;
    },
  };
}
